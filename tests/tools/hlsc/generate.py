"""Random processes inside hlsc's subset, every one defined for all inputs: shifts go through ap types, indices are
masked, values are set before use. A program is a list of statements, so that a failing one can be shrunk."""

import random


class Program:
    def __init__(self, name, seed):
        self.name, self.seed = name, seed
        self.inputs, self.outputs, self.states, self.rams, self.roms = [], [], [], [], []
        self.interval = 1
        self.pragmas, self.body = [], []
        self.dropped = set()  # numbers of statements that shrinking left out

    def source(self):
        p = [f"// seed {self.seed}"]
        structs, streams = [], []
        for s, fields in self.inputs + self.outputs:
            if len(fields) > 1:
                members = " ".join(f"{t} m{i};" for i, t in enumerate(fields))
                structs.append(f"struct {self.name}_{s} {{ {members} }};")
            streams.append(f"hls::stream<{self.type_of(s, fields)}>& {s}")
        for name, t, rows in self.roms:
            structs.append(f"static const {t} {self.name}_{name}[{len(rows)}] = {{{', '.join(rows)}}};")
        p += structs
        p.append(f"void {self.name}({', '.join(streams)}) {{")
        p.append(f"#pragma HLS PIPELINE II={self.interval}")
        p += self.pragmas
        for name, t, initial in self.states:
            p.append(f"    static {t} {name} = {initial};")
        for name, t, rows in self.rams:
            p.append(f"    static {t} {name}[{rows}];")
        p += [line for i, line in enumerate(self.body) if i not in self.dropped]
        return "\n".join(p + ["}", ""])

    def type_of(self, stream, fields):
        return fields[0] if len(fields) == 1 else f"{self.name}_{stream}"


class Generator:
    def __init__(self, name, seed):
        self.r = random.Random(seed)
        self.p = Program(name, seed)
        self.variables = []  # (expression, width, signed) of ap values
        self.count = 0

    def width(self):
        r = self.r
        return r.choice([1, 2, 3, 5, 7, 8, 9, 12, 16, 17, 24, 31, 32, 33, 48, 64]) if r.random() < 0.93 else r.choice([65, 96, 128, 130, 200, 257])

    def type(self, width=None):
        w = width or self.width()
        signed = w > 1 and self.r.random() < 0.4
        return (f"ap_int<{w}>" if signed else f"ap_uint<{w}>"), w, signed

    def fresh(self, letter):
        self.count += 1
        return f"{letter}{self.count}"

    def literal(self):
        return str(self.r.choice([0, 1, 2, 3, 5, 7, 10, 31, 100, 127, 128, 255, 1000, 32767, 65535, -1, -2, -128, self.r.getrandbits(31)]))

    def value(self):
        return self.r.choice(self.variables)[0] if self.variables else self.literal()

    def small(self, variables, most=64):
        fit = [v for v in variables if v[1] <= most]
        return self.r.choice(fit)[0] if fit else self.literal()

    def expression(self, depth):
        """An ap value of some width."""
        r = self.r
        if depth == 0 or r.random() < 0.15:
            t, _, _ = self.type()
            return f"{t}({self.literal()})" if r.random() < 0.2 else self.value()
        e = lambda: self.expression(depth - 1)
        # Widths grow by the operators: bring them back now and then.
        kind = r.random()
        if kind < 0.25:
            t, _, _ = self.type()
            return f"{t}({e()} {r.choice('+-')} {e()})"
        if kind < 0.33:
            t, _, _ = self.type(r.choice([8, 16, 20, 32, 40]))
            return f"{t}(ap_int<{r.choice([6, 12, 16, 18, 27])}>({e()}) * ap_int<{r.choice([5, 9, 16, 18, 30])}>({e()}))"
        if kind < 0.5:
            return f"({e()} {r.choice(['&', '|', '^'])} {e()})"
        if kind < 0.55:
            t, _, _ = self.type()
            return f"{t}(~{t}({e()}))"
        if kind < 0.66:
            t, _, _ = self.type()
            n = r.randrange(0, 40) if r.random() < 0.6 else f"ap_uint<{r.choice([2, 3, 5, 6])}>({e()})"
            return f"{t}({t}({e()}) {r.choice(['<<', '>>'])} {n})"
        if kind < 0.76:
            t, _, _ = self.type()
            return f"({self.condition(depth - 1)} ? {t}({e()}) : {t}({e()}))"
        if kind < 0.84:
            w = r.choice([8, 16, 32, 33, 64, 100])
            hi = r.randrange(w)
            lo = r.randrange(hi + 1)
            return f"ap_uint<{hi - lo + 1}>(ap_uint<{w}>({e()}).range({hi}, {lo}))"
        if kind < 0.9 and self.p.roms:
            name, _, rows = r.choice(self.p.roms)
            return f"{self.p.name}_{name}[ap_uint<{len(rows).bit_length() - 1}>({e()})]"
        if kind < 0.92:
            # Long enough to be cut into parts, and something to carry from one to the next.
            w, k = r.choice([150, 200, 300, 513]), r.randrange(60, 140)
            hi = r.randrange(k, w)
            return f"ap_uint<64>(ap_uint<{w}>((ap_uint<{w}>({e()}) << {k}) {r.choice('+--')} ap_uint<{w}>({e()})).range({hi}, {max(0, hi - 63)}))"
        if kind < 0.95:
            return f"ap_uint<1>({self.condition(depth - 1)})"
        return f"clamp_{r.choice(['a', 'b'])}(ap_int<20>({e()}))"

    def condition(self, depth):
        e = lambda: self.expression(max(0, depth - 1))
        r = self.r
        if r.random() < 0.2:
            w = r.choice([8, 16, 33])
            return f"bool(ap_uint<{w}>({e()})[{r.randrange(w)}])"
        c = f"({e()} {r.choice(['<', '<=', '>', '>=', '==', '!='])} {e()})"
        if depth > 1 and r.random() < 0.2:
            c = f"({c} {r.choice(['&&', '||'])} {self.condition(depth - 1)})"
        return c if r.random() < 0.85 else f"(!{c})"

    def assign(self, indent, targets, depth):
        r = self.r
        name, w, _ = r.choice(targets)
        kind = r.random()
        if kind < 0.15 and w > 1:
            hi = r.randrange(w)
            lo = r.randrange(hi + 1)
            return f"{indent}{name}.range({hi}, {lo}) = {self.expression(depth)};"
        if kind < 0.2:
            return f"{indent}{name}[{r.randrange(w)}] = {self.condition(depth)};"
        if kind < 0.3:
            return f"{indent}{name} {r.choice(['+', '-', '^', '|', '&'])}= {self.expression(depth)};"
        return f"{indent}{name} = {self.expression(depth)};"

    def statement(self, targets, depth):
        """One statement in one string, so that it can be dropped whole."""
        r = self.r
        kind = r.random()
        i = "    "
        if kind < 0.6:
            return self.assign(i, targets, depth)
        if kind < 0.8:
            text = f"{i}if ({self.condition(2)}) {{\n{self.assign(i * 2, targets, depth)}\n"
            if r.random() < 0.6:
                text += f"{i}}} else {{\n{self.assign(i * 2, targets, depth)}\n{self.assign(i * 2, targets, depth)}\n"
            return text + f"{i}}}"
        if kind < 0.9:
            k = self.fresh("k")
            n = r.randrange(2, 6)
            name, w, _ = r.choice(targets)
            body = r.choice([f"{name} = {name} + ap_uint<9>({self.value()} >> {k});", f"{name} ^= {self.expression(1)} << {k};",
                             f"if (ap_uint<8>({self.value()})[{k}]) {name} = {name} + {k};"])
            return f"{i}for (int {k} = 0; {k} < {n}; ++{k}) {{\n{i * 2}{body}\n{i}}}"
        if kind < 0.95:
            # A choice between a value and what an exclusive or makes of it, which is of use besides.
            name, w, _ = r.choice(targets)  # as wide: a part would be taken of each
            sides = r.choice(["old : changed", "changed : old"])
            return (f"{i}{{\n{i * 2}ap_uint<{w}> old = {self.expression(1)}, changed = old ^ ap_uint<{w}>({self.expression(1)});\n"
                    f"{i * 2}{name} = {self.condition(1)} ? {sides};\n{i * 2}{name} += changed;\n{i}}}")
        text = f"{i}switch (ap_uint<2>({self.value()}).to_uint()) {{\n"
        for c in range(r.randrange(1, 4)):
            text += f"{i}case {c}:\n{self.assign(i * 2, targets, depth)}\n{i * 2}break;\n"
        return text + f"{i}default:\n{self.assign(i * 2, targets, depth)}\n{i}}}"

    def program(self):
        r, p = self.r, self.p
        p.interval = r.choice([1, 1, 1, 2, 3, 6])
        depth = r.choice([1, 2, 2, 3])
        for k in range(r.choice([1, 1, 2])):
            p.inputs.append((f"in{k}", [self.type()[0] for _ in range(r.choice([1, 1, 2, 3, 5]))]))
        for k in range(r.choice([1, 1, 2])):
            p.outputs.append((f"out{k}", [self.type()[0] for _ in range(r.choice([1, 1, 2, 3]))]))
        for k in range(r.choice([0, 1, 1, 2])):
            t, w, signed = self.type(r.choice([4, 8, 16, 33]))
            p.roms.append((f"rom{k}", t, [str(r.getrandbits(w) - (1 << w - 1 if signed else 0)) + ("ll" if w > 31 else "") for _ in range(r.choice([2, 4, 16, 64]))]))
        self.read_inputs()
        locals_ = []
        for _ in range(r.randrange(1, 4)):
            t, w, signed = self.type()
            n = self.fresh("v")
            p.body.append(f"    {t} {n} = {self.expression(depth)};")
            locals_.append((n, w, signed))
            self.variables.append(locals_[-1])
        for _ in range(r.randrange(0, 7)):
            p.body.append(self.statement(locals_, depth))
        self.use_memory(locals_)
        self.use_state(locals_)
        for _ in range(r.randrange(0, 4)):
            p.body.append(self.statement(locals_, depth))
        self.write_outputs(depth)
        return p

    def read_inputs(self):
        r, p = self.r, self.p
        for s, _ in p.inputs:
            p.body.append(f"    if ({s}.empty()) return;")
        for k, (s, fields) in enumerate(p.inputs):
            n = f"word{k}"
            t = p.type_of(s, fields)
            if k and r.random() < 0.5:
                # Read now and then only: what is read first decides.
                p.body.append(f"    {t} {n}{{}};")
                p.body.append(f"    if ({self.condition(0)}) {n} = {s}.read();")
            else:
                p.body.append(f"    {t} {n} = {s}.read();")
            for i, f in enumerate(fields):
                w = int(f[f.index("<") + 1:-1])
                self.variables.append((n if len(fields) == 1 else f"{n}.m{i}", w, f.startswith("ap_int")))

    def use_state(self, locals_):
        """State is updated by little, so that it fits its interval."""
        r, p = self.r, self.p
        for _ in range(r.randrange(0, 4)):
            t, w, signed = self.type(r.choice([1, 4, 8, 16, 24, 32, 40]))
            n = self.fresh("s")
            p.states.append((n, t, r.choice(["0", "1", "5"])))
            v = r.choice(locals_)[0]
            update = r.choice([f"{n} = {n} + {v};", f"{n} ^= {v};", f"if ({self.condition(0)}) {n} = {v};",
                               f"{n} = {v} | 3;", f"{n} = {v} & 12;", f"{n} = {v};",
                               f"if ({v} > {n}) {n} = {v};", f"{n} = ap_uint<{w}>({n} << 1) | ap_uint<1>({v});",
                               f"if ({n} == 5) {n} = 0; else {n} = {n} + 1;"])
            # Its old value is used before or after.
            if r.random() < 0.5:
                p.body.append(f"    {v} = {v} ^ {n};")
                p.body.append(f"    {update}")
            else:
                p.body.append(f"    {update}")
                p.body.append(f"    {r.choice(locals_)[0]} ^= {n};")
        if r.random() < 0.25:
            rows = r.randrange(2, 6)
            n = self.fresh("line")
            v = r.choice(locals_)[0]
            p.rams.append((n, "ap_uint<16>", rows))  # registers: all its indices are constants
            p.body.append(f"    for (int i = {rows} - 1; i > 0; --i) {n}[i] = {n}[i - 1];\n    {n}[0] = {v};")
            p.body.append(f"    {r.choice(locals_)[0]} ^= {n}[{rows - 1}];")

    def use_memory(self, locals_):
        r, p = self.r, self.p
        if r.random() > 0.35:
            return
        rows = r.choice([4, 16, 64, 100])
        bits = (rows - 1).bit_length()
        n = self.fresh("ram")
        w = r.choice([8, 16, 32])
        p.rams.append((n, f"ap_uint<{w}>", rows))
        at = self.fresh("at")
        index = f"ap_uint<{bits}>({self.value()})"
        if rows & (rows - 1):
            index = f"ap_uint<{bits}>({index} < {rows} ? {index} : ap_uint<{bits}>(0))"
        p.body.append(f"    ap_uint<{bits}> {at} = {index};")
        v = r.choice(locals_)[0]
        old = self.fresh("old")
        p.body.append(f"    ap_uint<{w}> {old} = {n}[{at}];")
        store = r.choice([f"{n}[{at}] = {old} + 1;", f"{n}[{at}] = {old} ^ {v};", f"if ({self.condition(0)}) {n}[{at}] = {v};"])
        p.body.append(f"    {store}")
        p.body.append(f"    {v} ^= {old};")

    def write_outputs(self, depth):
        r, p = self.r, self.p
        for s, fields in p.outputs:
            values = ", ".join(f"{f}({self.expression(depth)})" for f in fields)
            word = values if len(fields) == 1 else f"{p.type_of(s, fields)}{{{values}}}"
            guard = f"if ({self.condition(1)}) " if r.random() < 0.4 else ""
            p.body.append(f"    {guard}{s}.write({word});")


PREAMBLE = '''#include "hls_stream.h"
static ap_int<16> clamp_a(ap_int<20> x) { return x > 32767 ? ap_int<20>(32767) : x < -32768 ? ap_int<20>(-32768) : x; }
static int clamp_b(ap_int<20> x) { int v = x; v = v * 3; return v > 1000 ? 1000 : v < -1000 ? -1000 : v; }
'''


def program(name, seed):
    return Generator(name, seed).program()
