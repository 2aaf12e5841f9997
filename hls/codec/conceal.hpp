// Packet loss concealment, ITU-T G.711 Appendix I: what was lost is filled with the last pitch periods before
// it, at 8 or 16 kHz, in blocks of 10 ms. What comes in goes out 3.75 ms later, unaltered as long as nothing
// is lost.
//
// The first 10 ms lost repeat one period, the next two, what follows three. After 10 ms the level begins to
// fall, by a fifth in 10 ms, so that after 60 ms there is silence. Where one goes over into another they are
// added with triangular windows: over a quarter of a period where the repeating begins and where it gets
// longer; at the first block received again over 4 ms more for every 10 ms lost, 10 ms at most.
//
// Plain integer C++ of fixed size, for the CPU engine and the kernel alike; state is a plain structure.
#pragma once

#include <cstdint>

namespace causeway::hls {

// Rate: samples per second, 8000 or 16000.
template <int Rate>
struct Concealment {
    static_assert(Rate == 8000 || Rate == 16000);
    static constexpr int scale = Rate / 8000;
    static constexpr int block = 80 * scale;
    static constexpr int pitch_min = 40 * scale, pitch_max = 120 * scale;  // 200 to 66 2/3 Hz
    static constexpr int delay = pitch_max / 4;
    static constexpr int overlap_step = 32 * scale;
    static constexpr int silent_after = 6;      // blocks
    static constexpr int window = 160 * scale;  // that is compared with itself earlier
    static constexpr int size = 390 * scale;    // three periods, and a quarter of one

    std::int16_t history[size] = {};  // the last `delay` of it has not gone out
    std::int16_t periods[size] = {};  // the history where the loss began; its end is what is repeated
    std::int16_t tail[delay] = {};    // of the history, as it was
    int lost_blocks = 0;
    int pitch = pitch_min, overlap = 0;  // overlap: a quarter of the pitch
    int length = 0, position = 0;        // of what is repeated

    // A block that came; in its place is what goes out.
    constexpr void received(std::int16_t* samples) {
        if (lost_blocks > 0) {
            std::int16_t filled[block] = {};
            int n = overlap + (lost_blocks - 1) * overlap_step;
            if (n > block) n = block;
            repeat(filled, n);
            int level = 5 - (lost_blocks - 1);  // fifths
            if (level < 0) level = 0;
            for (int i = 0; i < n; ++i) samples[i] = mix(filled[i] * level / 5, samples[i], i + 1, n);
            lost_blocks = 0;
        }
        pass(samples);
    }

    // What goes out where a block did not come.
    constexpr void lost(std::int16_t* samples) {
        if (lost_blocks == 0) {
            begin();
            repeat(samples, block);
        } else if (lost_blocks < silent_after) {
            if (lost_blocks < 3) {
                lengthen(samples);
            } else {
                repeat(samples, block);
            }
            for (int i = 0; i < block; ++i) {
                const int level = (5 - (lost_blocks - 1)) * block - i;  // in fifths of a block
                samples[i] = static_cast<std::int16_t>(samples[i] * level / (5 * block));
            }
        } else {
            for (int i = 0; i < block; ++i) samples[i] = 0;
        }
        if (lost_blocks <= silent_after) ++lost_blocks;
        pass(samples);
    }

  private:
    // From a to b in n steps.
    static constexpr std::int16_t mix(int a, int b, int step, int n) {
        return static_cast<std::int16_t>((a * (n - step) + b * step) / n);
    }

    constexpr void pass(std::int16_t* samples) {
        for (int i = 0; i < size - block; ++i) history[i] = history[i + block];
        for (int i = 0; i < block; ++i) history[size - block + i] = samples[i];
        for (int i = 0; i < block; ++i) samples[i] = history[size - block - delay + i];
    }

    constexpr void begin() {
        for (int i = 0; i < size; ++i) periods[i] = history[i];
        pitch = find_pitch();
        overlap = pitch / 4;
        for (int i = 0; i < overlap; ++i) tail[i] = periods[size - overlap + i];
        length = pitch;
        position = 0;
        smooth();
        for (int i = 0; i < overlap; ++i) history[size - overlap + i] = periods[size - overlap + i];
    }

    // The end of the periods leads on to their beginning.
    constexpr void smooth() {
        for (int i = 0; i < overlap; ++i) {
            periods[size - overlap + i] = mix(tail[i], periods[size - length - overlap + i], i + 1, overlap);
        }
    }

    constexpr void repeat(std::int16_t* out, int n) {
        for (int i = 0; i < n; ++i) {
            out[i] = periods[size - length + position];
            if (++position == length) position = 0;
        }
    }

    // The same with a period more: goes over into it from where it is.
    constexpr void lengthen(std::int16_t* out) {
        std::int16_t before[delay] = {};
        const int at = position;
        repeat(before, overlap);
        position = at;
        while (position > pitch) position -= pitch;
        length += pitch;
        smooth();
        repeat(out, block);
        for (int i = 0; i < overlap; ++i) out[i] = mix(before[i], out[i], i + 1, overlap);
    }

    // Where the last 20 ms are most like what was before, by normalized cross-correlation: coarsely at first,
    // then by the sample. Samples are brought to so many bits that the square of their product fits.
    constexpr int find_pitch() const {
        int greatest = 1;
        for (int i = size - window - pitch_max; i < size; ++i) {
            const int magnitude = periods[i] < 0 ? -periods[i] : periods[i];
            if (magnitude > greatest) greatest = magnitude;
        }
        int up = 0, down = 0;
        constexpr int bits = 13 - scale;  // without the sign
        while (greatest >> down >= 1 << bits) ++down;
        while (greatest << (up + 1) < 1 << bits) ++up;

        constexpr int coarse = 2 * scale;
        int best = pitch_max;
        std::int64_t best_likeness = INT64_MIN;
        for (int lag = pitch_max; lag >= pitch_min; lag -= coarse) {
            const std::int64_t l = likeness(lag, coarse, up, down);
            if (l >= best_likeness) {
                best_likeness = l;
                best = lag;
            }
        }
        const int from = best + coarse - 1 < pitch_max ? best + coarse - 1 : pitch_max;
        const int to = best - coarse + 1 > pitch_min ? best - coarse + 1 : pitch_min;
        best_likeness = INT64_MIN;
        for (int lag = from; lag >= to; --lag) {
            const std::int64_t l = likeness(lag, 1, up, down);
            if (l >= best_likeness) {
                best_likeness = l;
                best = lag;
            }
        }
        return best;
    }

    // The square of the correlation over the energy, with the sign of the correlation.
    constexpr std::int64_t likeness(int lag, int step, int up, int down) const {
        std::int64_t product = 0, energy = 1;
        for (int i = size - window; i < size; i += step) {
            const std::int64_t a = (periods[i] >> down) * (1 << up),
                               b = (periods[i - lag] >> down) * (1 << up);
            product += a * b;
            energy += b * b;
        }
        const std::int64_t square = product * product / energy;
        return product < 0 ? -square : square;
    }
};

}  // namespace causeway::hls
