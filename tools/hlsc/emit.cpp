#include "tools/hlsc/emit.hpp"

#include <algorithm>

#include <llvm/ADT/SmallString.h>

#include "tools/hlsc/delay.hpp"

namespace causeway::hlsc {
namespace {

std::string literal(const llvm::APInt& v) {
    llvm::SmallString<32> digits;
    v.toString(digits, 16, false);
    return std::to_string(v.getBitWidth()) + "'h" + digits.str().str();
}

class Emitter {
  public:
    Emitter(const Netlist& n, const Schedule& s) : n_(n), s_(s) {}
    Emitted run(const std::string& source);

  private:
    const Netlist& n_;
    const Schedule& s_;
    std::map<int, std::map<int, llvm::APInt>> carried_;  // node, stage: the bits that a register brings there
    std::string out_, waits_, room_, begins_;

    std::string base(int node) const;
    std::string carried_name(int node, int stage, unsigned low, unsigned width) const;
    std::string reference(const Slice& s, int stage) const;
    std::string reference(const Bits& b, int stage) const;
    std::string operand(int node, unsigned k) const {
        return reference(n_.nodes[node].operands[k], s_.stage[node]);
    }
    static std::vector<std::pair<unsigned, unsigned>> ranges(const llvm::APInt& mask);
    void find_carried();
    void roms();
    void ports();
    void stage_registers(int stage);
    void node(int id);
    void ram_read(int id);
    void ram_write(int id);
    void declare(int id, const std::string& value);
    void line(const std::string& text) { out_ += text + "\n"; }
};

std::string Emitter::base(int id) const {
    const Node& n = n_.nodes[id];
    std::string p = name(n.op);
    if (n.op == Op::stream_read) p = n_.streams[n.object].name;
    if (n.op == Op::state_read) p = n_.states[n.object].name;
    if (n.op == Op::ram_read) p = n_.rams[n.object].name;
    if (n.op == Op::rom) p = n_.roms[n.object].name;
    return p + "_" + std::to_string(id);
}

std::vector<std::pair<unsigned, unsigned>> Emitter::ranges(const llvm::APInt& mask) {
    std::vector<std::pair<unsigned, unsigned>> r;
    for (unsigned i = 0; i < mask.getBitWidth();) {
        if (!mask[i]) {
            ++i;
            continue;
        }
        unsigned end = i;
        while (end < mask.getBitWidth() && mask[end]) ++end;
        r.push_back({i, end - i});
        i = end;
    }
    return r;
}

std::string Emitter::carried_name(int id, int stage, unsigned low, unsigned width) const {
    return base(id) + (width == n_.nodes[id].width ? "" : "_b" + std::to_string(low)) + "_s" +
           std::to_string(stage);
}

std::string Emitter::reference(const Slice& s, int stage) const {
    if (s.is_constant()) return literal(s.constant);
    const auto part = [](const std::string& of, unsigned low, unsigned width, unsigned whole) {
        if (width == whole) return of;
        if (width == 1) return of + "[" + std::to_string(low) + "]";
        return of + "[" + std::to_string(low + width - 1) + ":" + std::to_string(low) + "]";
    };
    if (stage == s_.available(n_, s.node)) return part(base(s.node), s.low, s.width, n_.nodes[s.node].width);
    for (const auto& [low, width] : ranges(carried_.at(s.node).at(stage))) {
        if (s.low >= low && s.low + s.width <= low + width) {
            return part(carried_name(s.node, stage, low, width), s.low - low, s.width, width);
        }
    }
    std::abort();
}

std::string Emitter::reference(const Bits& b, int stage) const {
    const auto& s = b.slices();
    if (s.size() == 1) return reference(s[0], stage);
    std::string r = "{";
    for (int i = static_cast<int>(s.size()) - 1; i >= 0;) {
        int same = i;  // a bit repeated
        while (same > 0 && !s[i].is_constant() && s[i].width == 1 && s[same - 1] == s[i]) --same;
        if (r.size() > 1) r += ", ";
        const std::string one = reference(s[i], stage);
        r += same < i ? "{" + std::to_string(i - same + 1) + "{" + one + "}}" : one;
        i = same - 1;
    }
    return r + "}";
}

void Emitter::find_carried() {
    for (const int id : s_.order) {
        for (const auto& o : n_.nodes[id].operands) {
            for (const auto& s : o.slices()) {
                if (s.is_constant()) continue;
                for (int t = s_.available(n_, s.node) + 1; t <= s_.stage[id]; ++t) {
                    carried_[s.node]
                        .try_emplace(t, llvm::APInt(n_.nodes[s.node].width, 0))
                        .first->second.setBits(s.low, s.low + s.width);
                }
            }
        }
    }
}

// One module a table: as functions they slow Verilator down, as wide memories yosys.
void Emitter::roms() {
    for (std::size_t k = 0; k < n_.roms.size(); ++k) {
        const Rom& r = n_.roms[k];
        const unsigned a = Netlist::index_width(r.rows.size());
        line("module " + n_.name + "_rom" + std::to_string(k) + " (  // " + r.name);
        line("  input  logic " + verilog_range(a) + "index,\n  output logic " + verilog_range(r.width) +
             "value\n);");
        line("  always_comb\n    case (index)");
        for (std::size_t i = 0; i < r.rows.size(); ++i) {
            line("      " + literal(llvm::APInt(a, i)) + ": value = " + literal(r.rows[i]) + ";");
        }
        if (r.rows.size() != std::size_t{1} << a) line("      default: value = '0;");
        line("    endcase\nendmodule\n");
    }
}

void Emitter::ports() {
    out_ += "module " + n_.name + " (\n  input  logic clk,\n  input  logic rst";
    for (const auto& s : n_.streams) {
        const char* forward = s.is_input ? "input  logic " : "output logic ";
        const char* back = s.is_input ? "output logic " : "input  logic ";
        out_ += ",\n  " + std::string(forward) + verilog_range(s.width) + s.name + "_data,\n  " + forward +
                s.name + "_valid,\n  " + back + s.name + "_ready";
    }
    line("\n);");
}

void Emitter::declare(int id, const std::string& value) {
    const Node& n = n_.nodes[id];
    line("  wire " + verilog_range(n.width) + base(id) + " = " + value + ";" +
         (n.place.empty() ? "" : "  // " + n.place));
}

void Emitter::stage_registers(int stage) {
    for (const int id : s_.order) {
        const auto all = carried_.find(id);
        if (all == carried_.end()) continue;
        const auto here = all->second.find(stage);
        if (here == all->second.end()) continue;
        for (const auto& [low, width] : ranges(here->second)) {
            const std::string to = carried_name(id, stage, low, width);
            Slice s;
            s.node = id;
            s.low = low;
            s.width = width;
            line("  logic " + verilog_range(width) + to + ";");
            line("  always_ff @(posedge clk) if (go) " + to + " <= " + reference(s, stage - 1) + ";");
        }
    }
}

void Emitter::ram_read(int id) {
    const Node& n = n_.nodes[id];
    const Ram& m = n_.rams[n.object];
    const std::string b = base(id), index = operand(id, 0), rows = std::to_string(m.rows);
    const bool is_live_write = m.write >= 0 && s_.stage[m.write] >= 0;
    line("  logic " + verilog_range(m.width) + b + "_rows [" + rows + "], " + b + "_word;");
    if (m.initial.empty()) {
        line("  initial for (int i = 0; i < " + rows + "; i++) " + b + "_rows[i] = '0;");
    } else {
        line("  initial begin");
        for (std::size_t i = 0; i < m.initial.size(); ++i) {
            line("    " + b + "_rows[" + std::to_string(i) + "] = " + literal(m.initial[i].trunc(m.width)) +
                 ";");
        }
        line("  end");
    }
    line("  always_ff @(posedge clk) if (go) " + b + "_word <= " + b + "_rows[" + index + "];");
    if (!is_live_write) {
        declare(id, b + "_word");
        return;
    }
    const std::string w = "ram_" + m.name + "_write";
    line("  always_ff @(posedge clk) if (go && " + w + ") " + b + "_rows[" + w + "_index] <= " + w +
         "_data;");
    const int between = s_.stage[m.write] - s_.stage[id], interval = static_cast<int>(n_.interval);
    if (m.distance == 1 && between == interval) {
        line("  // The iteration before may write this row in this very cycle.");
        line("  logic " + b + "_meets;\n  logic " + verilog_range(m.width) + b + "_new;");
        line("  always_ff @(posedge clk)\n    if (go) begin\n      " + b + "_meets <= " + w + " && " + w +
             "_index == " + index + ";\n      " + b + "_new <= " + w + "_data;\n    end");
        declare(id, b + "_meets ? " + b + "_new : " + b + "_word");
        return;
    }
    declare(id, b + "_word");
    if (m.distance == 1) return;
    // What DEPENDENCE promises: no iteration that has read already reads the row that is written now.
    line("`ifndef SYNTHESIS");
    const std::string a = verilog_range(Netlist::index_width(m.rows));
    std::string read = index, seen = "v" + std::to_string(s_.stage[id]);
    for (int d = 1; d <= between; ++d) {
        const std::string next = b + "_read" + std::to_string(d);
        line("  logic " + a + next + "; logic " + next + "_v;");
        line("  always_ff @(posedge clk) if (rst) " + next + "_v <= 0; else if (go) begin " + next +
             " <= " + read + "; " + next + "_v <= " + seen + "; end");
        read = next;
        seen = next + "_v";
    }
    for (int ahead = interval; ahead <= between; ahead += interval) {
        const int d = between - ahead;
        const std::string r = d ? b + "_read" + std::to_string(d) : index,
                          v = d ? r + "_v" : "v" + std::to_string(s_.stage[id]);
        line("  always_ff @(posedge clk) if (!rst && go && " + w + " && " + v + " && " + r + " == " + w +
             "_index)\n    $fatal(1, \"" + m.place + ": row %0d of " + m.name +
             " is used again before its DEPENDENCE distance\", " + w + "_index);");
    }
    line("`endif");
}

void Emitter::ram_write(int id) {
    const Ram& m = n_.rams[n_.nodes[id].object];
    const std::string w = "ram_" + m.name + "_write";
    line("  assign " + w + " = v" + std::to_string(s_.stage[id]) + " && " + operand(id, 0) + ";");
    line("  assign " + w + "_index = " + operand(id, 1) + ";");
    line("  assign " + w + "_data = " + operand(id, 2) + ";");
}

void Emitter::node(int id) {
    const Node& n = n_.nodes[id];
    const auto o = [&](unsigned k) { return operand(id, k); };
    const std::string v = "v" + std::to_string(s_.stage[id]);
    switch (n.op) {
        case Op::bit_and:
            declare(id, o(0) + " & " + o(1));
            break;
        case Op::bit_or:
            declare(id, o(0) + " | " + o(1));
            break;
        case Op::bit_xor:
            declare(id, o(0) + " ^ " + o(1));
            break;
        case Op::bit_not:
            declare(id, "~" + o(0));
            break;
        case Op::select:
            declare(id, o(0) + " ? " + o(1) + " : " + o(2));
            break;
        case Op::add:
            declare(id, o(0) + " + " + o(1));
            break;
        case Op::subtract:
            declare(id, o(0) + " - " + o(1));
            break;
        case Op::multiply:
            declare(id, "$signed(" + o(0) + ") * $signed(" + o(1) + ")");
            break;
        case Op::equal:
            declare(id, o(0) + " == " + o(1));
            break;
        case Op::less_unsigned:
            declare(id, o(0) + " < " + o(1));
            break;
        case Op::less_signed:
            declare(id, "$signed(" + o(0) + ") < $signed(" + o(1) + ")");
            break;
        case Op::rom:
            line("  wire " + verilog_range(n.width) + base(id) + ";");
            line("  " + n_.name + "_rom" + std::to_string(n.object) + " u_" + base(id) + " (.index(" + o(0) +
                 "), .value(" + base(id) + "));");
            break;
        case Op::state_read:
            declare(id, "state_" + n_.states[n.object].name + "_" + std::to_string(n.object));
            break;
        case Op::state_write: {
            const State& s = n_.states[n.object];
            const std::string to = "state_" + s.name + "_" + std::to_string(n.object);
            line("  always_ff @(posedge clk)\n    if (rst) " + to + " <= " + literal(s.initial) +
                 ";\n    else if (go && " + v + ") " + to + " <= " + o(0) + ";");
            break;
        }
        case Op::ram_read:
            ram_read(id);
            break;
        case Op::ram_write:
            ram_write(id);
            break;
        case Op::stream_read: {
            const std::string s = n_.streams[n.object].name;
            declare(id, s + "_data");
            waits_ += " && (!(" + o(1) + ") || " + s + "_valid)";
            begins_ += "  assign " + s + "_ready = go && v0 && (" + o(0) + ");\n";
            break;
        }
        case Op::stream_write: {
            const Stream& s = n_.streams[n.object];
            room_ += (room_.empty() ? "" : " && ") + s.name + "_room";
            line("  causeway_skid #(.WIDTH(" + std::to_string(s.width) + ")) u_" + s.name +
                 " (\n    .clk, .rst, .in_data(" + o(1) + "), .in_valid(go && " + v + " && (" + o(0) +
                 ")), .in_ready(" + s.name + "_room),\n    .out_data(" + s.name + "_data), .out_valid(" +
                 s.name + "_valid), .out_ready(" + s.name + "_ready));");
            break;
        }
        case Op::min_signed:
        case Op::max_signed:
            std::abort();  // lower() leaves none
    }
}

Emitted Emitter::run(const std::string& source) {
    find_carried();
    Emitted e;
    for (const auto& [id, by_stage] : carried_) {
        for (const auto& [stage, mask] : by_stage) e.pipeline_bits += mask.popcount();
    }
    line("// Made by hlsc from " + source + ": " + std::to_string(s_.stages) +
         " stages, II=" + std::to_string(n_.interval) + ", " + std::to_string(e.pipeline_bits) +
         " pipeline register bits. Do not edit.");
    roms();
    ports();
    line(
        "  // All stages go on together, or wait while an output has no room.\n  logic go;\n  logic v0;  // "
        "an iteration begins");
    for (int t = 1; t < s_.stages; ++t) line("  logic v" + std::to_string(t) + ";");
    for (std::size_t k = 0; k < n_.states.size(); ++k) {
        const State& s = n_.states[k];
        if (s.read >= 0 && s_.stage[s.read] >= 0)
            line("  logic " + verilog_range(s.width) + "state_" + s.name + "_" + std::to_string(k) + ";");
    }
    for (const auto& m : n_.rams) {
        if (m.write < 0 || s_.stage[m.write] < 0) continue;
        const std::string w = "ram_" + m.name + "_write";
        line("  logic " + w + ";\n  logic " + verilog_range(Netlist::index_width(m.rows)) + w +
             "_index;\n  logic " + verilog_range(m.width) + w + "_data;");
    }
    for (const auto& s : n_.streams) {
        if (s.is_output) line("  logic " + s.name + "_room;");
    }
    for (int t = 0; t < s_.stages; ++t) {
        line("\n  // Stage " + std::to_string(t));
        if (t)
            line("  always_ff @(posedge clk) if (rst) v" + std::to_string(t) + " <= 0; else if (go) v" +
                 std::to_string(t) + " <= v" + std::to_string(t - 1) + ";");
        stage_registers(t);
        for (const int id : s_.order) {
            if (s_.stage[id] == t) node(id);
        }
    }
    line("");
    std::string begin = "1'b1" + waits_;
    if (n_.interval > 1) {
        const unsigned w = Netlist::index_width(n_.interval);
        line("  // Cycles until the next iteration may begin.\n  logic " + verilog_range(w) + "gap;");
        line("  always_ff @(posedge clk)\n    if (rst) gap <= 0;\n    else if (go && v0) gap <= " +
             std::to_string(n_.interval - 1) + ";\n    else if (go && gap != 0) gap <= gap - 1;");
        begin += " && gap == 0";
    }
    line("  assign v0 = " + begin + ";");
    line("  assign go = " + (room_.empty() ? "1'b1" : room_) + ";");
    out_ += begins_ + "endmodule\n";
    e.text = out_;
    return e;
}

}  // namespace

bool is_verilog_word(const std::string& name) {
    // Those that are no words of C++, or may be names there.
    static const std::set<std::string> words = {
        "alias",       "always",    "always_comb", "always_ff", "and",       "assert",     "assign",
        "assume",      "automatic", "before",      "begin",     "bind",      "bit",        "buf",
        "byte",        "cell",      "checker",     "clocking",  "config",    "constraint", "context",
        "cover",       "cross",     "deassign",    "design",    "disable",   "dist",       "edge",
        "end",         "endcase",   "endfunction", "endmodule", "event",     "expect",     "final",
        "first_match", "force",     "forever",     "fork",      "forkjoin",  "function",   "generate",
        "genvar",      "global",    "iff",         "ifnone",    "implies",   "import",     "include",
        "initial",     "inout",     "input",       "inside",    "instance",  "integer",    "interface",
        "intersect",   "join",      "join_any",    "join_none", "large",     "let",        "liblist",
        "library",     "local",     "localparam",  "logic",     "matches",   "medium",     "modport",
        "module",      "nand",      "negedge",     "new",       "nexttime",  "nmos",       "nor",
        "not",         "null",      "or",          "output",    "package",   "packed",     "parameter",
        "pmos",        "posedge",   "primitive",   "priority",  "program",   "property",   "pull0",
        "pull1",       "pulldown",  "pullup",      "pure",      "rand",      "randc",      "randcase",
        "real",        "realtime",  "ref",         "reg",       "reject_on", "release",    "repeat",
        "restrict",    "scalared",  "sequence",    "shortint",  "shortreal", "small",      "soft",
        "solve",       "specify",   "string",      "strong",    "super",     "supply0",    "supply1",
        "table",       "tagged",    "task",        "time",      "timeunit",  "tran",       "tri",
        "tri0",        "tri1",      "type",        "unique",    "uwire",     "vectored",   "wait",
        "wand",        "weak",      "wildcard",    "wire",      "with",      "within",     "wor",
        "xnor",        "xor"};
    return words.count(name) != 0;
}

std::string verilog_range(unsigned width) {
    return width == 1 ? "" : "[" + std::to_string(width - 1) + ":0] ";
}

Emitted emit(const Netlist& netlist, const Schedule& s, const std::string& source) {
    return Emitter(netlist, s).run(source);
}

}  // namespace causeway::hlsc
