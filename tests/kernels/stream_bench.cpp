// Words through the stream blocks with random gaps and stalls: each leaves once, unchanged, in order; the
// FIFOs hold as many as they say; merged packets stay whole and take turns.
#include <deque>

#include "Vstream_bench.h"
#include "bench.hpp"

namespace {

constexpr int inputs = 7, outputs = 5, merged = 4;
constexpr std::size_t holds[] = {2, 1, 4, 5};  // words, of skid and FIFOs

struct Word {
    std::uint32_t data;
    bool last;
};

// Words that left.
long run(unsigned seed, unsigned gaps, unsigned stalls, long cycles) {
    bench::Bench<Vstream_bench> b;
    bench::Chance chance(seed);
    auto& t = b.top;
    std::deque<Word> under_way[inputs];
    std::uint32_t next[inputs] = {};
    int from = -1, waits[3] = {};
    long moved = 0;
    b.reset();
    for (long i = 0; i < cycles; ++i) {
        for (int k = 0; k < inputs; ++k) {
            if (t.in_valid >> k & 1 || chance.percent(gaps)) continue;
            t.in_data[k] = static_cast<std::uint32_t>(k) << 28 | next[k]++;
            const unsigned bit = 1U << k;
            t.in_last = static_cast<CData>(chance.percent(40) ? t.in_last | bit : t.in_last & ~bit);
            t.in_valid = static_cast<CData>(t.in_valid | bit);
        }
        t.out_ready = 0;
        for (int k = 0; k < outputs; ++k)
            t.out_ready = static_cast<CData>(t.out_ready | (chance.percent(stalls) ? 0U : 1U) << k);
        b.settle();
        for (int k = 0; k < merged; ++k) {
            b.require((t.out_valid >> k & 1) == !under_way[k].empty(),
                      "something is offered, or withheld, that was not (was) taken");
            const bool full = under_way[k].size() == holds[k];
            b.require((t.in_ready >> k & 1) == !full, "the room is another");
        }
        const unsigned taken = t.in_valid & t.in_ready, given = t.out_valid & t.out_ready;
        if (given >> merged & 1) {
            int source = -1;
            for (int s = 0; s < 3; ++s)
                if (t.out_from == 1U << s) source = s;
            b.require(source >= 0 && (taken >> merged) == 1U << source,
                      "merge: a word leaves without being taken");
            b.require(from < 0 || from == source, "merge: a packet is torn");
            b.require(t.out_data[merged] == t.in_data[merged + source], "merge: another word");
            b.require(t.out_last == (t.in_last >> (merged + source) & 1), "merge: another end");
            from = t.out_last ? -1 : source;
            waits[source] = 0;
            for (int s = 0; s < 3; ++s) {
                if (s != source && t.out_last && t.in_valid >> (merged + s) & 1) ++waits[s];
                b.require(waits[s] <= 2, "merge: a stream waits for more than the two others");
            }
            ++moved;
        } else {
            b.require(taken >> merged == 0, "merge: a word is lost");
        }
        for (int k = 0; k < merged; ++k) {
            if (given >> k & 1) {
                b.require(t.out_data[k] == under_way[k].front().data, "wrong word");
                under_way[k].pop_front();
                ++moved;
            }
            if (taken >> k & 1) under_way[k].push_back({t.in_data[k], false});
        }
        b.edge();
        t.in_valid = static_cast<CData>(t.in_valid & ~taken);
    }
    return moved;
}

}  // namespace

int main() {
    const unsigned chances[][2] = {{0, 0}, {30, 30}, {70, 5}, {5, 70}};
    unsigned seed = 1;
    for (const auto& [gaps, stalls] : chances) {
        const long moved = run(seed++, gaps, stalls, 50000);
        std::printf("gaps %u %%, stalls %u %%: %ld words\n", gaps, stalls, moved);
    }
    std::fflush(stdout);
    std::_Exit(0);  // static destruction of Verilated models aborts
}
