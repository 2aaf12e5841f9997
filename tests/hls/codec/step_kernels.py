"""The processes of the codec engine, one by one: 32 sessions in turn, ITU sequences where they are present."""

import math
import pathlib
import random

import g711_kernel

SESSIONS = 32
NONE, MULAW, ALAW, G722, G726, LINEAR_8, LINEAR_16, NOISE = range(8)


def step(session, coding_in, coding_out, first, second=0, start=False, variant=0):
    """hls/codec/step.hpp"""
    return session | coding_in << 5 | coding_out << 8 | variant << 11 | start << 13 | (first & 0xFFFF) << 15 | (second & 0xFFFF) << 31


def signed(x):
    return x - 65536 if x >= 32768 else x


def samples_of(word):
    return signed(word >> 15 & 0xFFFF), signed(word >> 31 & 0xFFFF)


def itu(material, name):
    """A file of 16-bit words; nothing where it is absent."""
    file = pathlib.Path(material) / "itu" / name
    data = file.read_bytes() if file.is_file() else b""
    return [data[i] | data[i + 1] << 8 for i in range(0, len(data) - 1, 2)]


def in_turn(sessions):
    """Sessions' words, one of each in turn; a session that is shorter rests."""
    longest = max(len(s) for s in sessions)
    return [s[i] if i < len(s) else step(n, NONE, NONE, i) for i in range(longest) for n, s in enumerate(sessions)]


def kernel(process, sessions, known=None):
    words = in_turn(sessions)
    out = {"source": "hls/codec/engine.cpp", "process": process, "within": "codec_engine", "inputs": {0: words}, "calls": len(words)}
    if known:
        out["known"] = {1: in_turn(known)}
    return out


def g722(material):
    """Speech with ITU's codes; without these, noise. Every third session decodes in the same mode; some begin anew on their way."""
    count = 300
    codes, speech = itu(material, "g722/codspw.cod"), itu(material, "g722/inpsp.bin")
    outputs = [itu(material, f"g722/outsp{mode}.bin") for mode in (1, 2, 3)]
    rng = random.Random(5)
    if not codes:
        print("g722: without the published sequences")
        codes, speech = [rng.randrange(256) for _ in range(count)], [rng.randrange(65536) for _ in range(2 * count)]
    begin = [2500 if n >= 16 and len(codes) > 2 * 2500 else 0 for n in range(SESSIONS)]  # the upper half jumps in: no known results
    decode, encode, decoded, encoded = [], [], [], []
    for n in range(SESSIONS):
        at = [begin[n] + i for i in range(count)]
        start = [i == 0 or (n >= 24 and i == 100 + n) for i in range(count)]
        decode.append([step(n, G722, LINEAR_16, codes[a], start=s, variant=n % 3) for a, s in zip(at, start)])
        encode.append([step(n, LINEAR_16, G722, speech[2 * a], speech[2 * a + 1], start=s) for a, s in zip(at, start)])
        if outputs[0] and begin[n] == 0:
            out = outputs[n % 3]
            decoded.append([step(n, G722, LINEAR_16, out[2 * a], out[2 * a + 1], s, n % 3) for a, s in zip(at, start)])
            encoded.append([step(n, LINEAR_16, G722, codes[a], 0, s) for a, s in zip(at, start)])

    def against(expected):
        def look(results):
            for i, (got, want) in enumerate(zip(in_turn(expected), [w for w in results[1] if w & 31 < len(expected)])):
                if got != want:
                    return f"step {i}: expected {want:x}, got {got:x}"
            return None
        return look
    kernels = [kernel("g722_decoder", decode), kernel("g722_encoder", encode)]
    if decoded:
        kernels[0].update(check=against(decoded), what="against ITU's decoded speech")
        kernels[1].update(check=against(encoded), what="against ITU's codes")
    return kernels


def g726(material):
    """ITU's reset sequences, normal and overload, by both laws; without these, noise."""
    count = 400
    rng = random.Random(6)
    inputs, codes = [], []
    for law in ("a", "m"):
        for kind, name in (("n", "nrm"), ("v", "ovr")):
            pcm, code = itu(material, f"g726/{name}.{law}"), itu(material, f"g726/r{kind}32f{law}.i")
            if pcm:
                inputs.append([g711_kernel.decode(x, law == "a") for x in pcm[:count]])
                codes.append(code[:count])
    published = bool(inputs)
    if not published:
        print("g726: without the published sequences")
        inputs, codes = [[rng.randrange(-32768, 32768) for _ in range(count)]], [[rng.randrange(16) for _ in range(count)]]
    encode, encoded, decode = [], [], []
    for n in range(SESSIONS):
        k = n % len(inputs)
        steps = [(i == 0, x, c) for i, (x, c) in enumerate(zip(inputs[k], codes[k]))]
        encode.append([step(n, LINEAR_8, G726, x, start=s) for s, x, _ in steps])
        encoded.append([step(n, LINEAR_8, G726, c, start=s) for s, _, c in steps])
        decode.append([step(n, G726, LINEAR_8, c if n < 16 else rng.randrange(16), start=s) for s, _, c in steps])
    return [kernel("g726_decoder", decode), kernel("g726_encoder", encode, encoded if published else None)]


def level(samples, hz, rate, amplitude):
    """How strong a frequency is, in dB, of the amplitude."""
    re = im = weights = 0.0
    for i, x in enumerate(samples):
        window = 0.5 - 0.5 * math.cos(2 * math.pi * i / len(samples))
        re += window * x * math.cos(2 * math.pi * hz * i / rate)
        im += window * x * math.sin(2 * math.pi * hz * i / rate)
        weights += window
    return 20 * math.log10(2 * math.hypot(re, im) / weights / amplitude + 1e-9)


def resample():
    """Tones: up the lower half, with their images; down the upper half, every second one beyond the band."""
    count, settled, amplitude = 460, 60, 16000
    sessions, tones = [], []

    def tone(hz, rate, i):
        return round(amplitude * math.sin(2 * math.pi * hz * i / rate))
    for n in range(SESSIONS):
        hz = 3400 - 210 * (n % 16)
        if n < 16:
            sessions.append([step(n, LINEAR_8, LINEAR_16, tone(hz, 8000, i), start=i == 0) for i in range(count)])
        else:
            hz = 8000 - hz if n % 2 else hz
            sessions.append([step(n, LINEAR_16, LINEAR_8, tone(hz, 16000, 2 * i), tone(hz, 16000, 2 * i + 1), i == 0) for i in range(count)])
        tones.append(hz)

    def look(results):
        worst_ripple = worst_stop = None
        for n, hz in enumerate(tones):
            words = [samples_of(w) for w in results[1] if w & 31 == n][settled:]
            if n < 16:
                wide = [x for pair in words for x in pair]
                ripple, stop = level(wide, hz, 16000, amplitude), level(wide, 8000 - hz, 16000, amplitude)
            else:
                narrow = [first for first, _ in words]
                measured = level(narrow, min(hz, 8000 - hz), 8000, amplitude)
                ripple, stop = (None, measured) if hz > 4000 else (measured, None)
            if ripple is not None:
                worst_ripple = max(worst_ripple or 0, abs(ripple))
            if stop is not None:
                worst_stop = max(worst_stop or -200, stop)
        print(f"resampler: {worst_ripple:.3f} dB of ripple to 3.4 kHz, {-worst_stop:.1f} dB of stop-band")
        return None if worst_ripple <= 0.1 and worst_stop <= -60 else "too much of one"
    return [dict(kernel("resampler", sessions), check=look, what="ripple and stop-band")]


def noise():
    """Levels of 10 to 72 dB below full scale; every second session white, the others with coefficients."""
    count, settled = 700, 60
    rng = random.Random(7)
    sessions = []
    for n in range(SESSIONS):
        coefficients = [127 + rng.randrange(-50, 51) for _ in range(rng.randrange(1, 13))] if n % 2 else []
        if n == 1:
            coefficients = [20, 255, 200]  # nothing counts behind the reserved one
        steps = [step(n, NOISE, NONE, 10 + 2 * n, second=rng.randrange(65536), start=True, variant=1)]
        steps += [step(n, NOISE, NONE, c, variant=2) for c in coefficients]
        steps += [step(n, NOISE, LINEAR_8, 0)] * count
        sessions.append(steps)

    def look(results):
        worst = 0
        for n in range(SESSIONS):
            samples = [samples_of(w)[0] for w in results[1] if w & 31 == n and w >> 8 & 7 == LINEAR_8][settled:]
            rms = math.sqrt(sum(x * x for x in samples) / len(samples))
            difference = 20 * math.log10(rms / 32768 + 1e-9) + 10 + 2 * n
            worst = max(worst, abs(difference))
        print(f"noise_generator: levels within {worst:.2f} dB")
        return None if worst <= 2 else f"a level is off by {worst:.1f} dB"
    return [dict(kernel("noise_generator", sessions), check=look, what="level")]


def kernels(material):
    return g722(material) + g726(material) + resample() + noise()
