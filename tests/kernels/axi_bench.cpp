// Read and write movers against a memory that stalls, waits and errs at random: every octet, every strobe,
// one status a command. The rules of AXI are asserted in the design.
#include <algorithm>
#include <deque>
#include <vector>

#include "Vaxi_bench.h"
#include "bench.hpp"

namespace {

constexpr std::uint64_t word = 64;             // octets
constexpr std::uint64_t base = 0x4'0000'0000;  // of the memory: addresses need more than 32 bits
constexpr std::uint64_t size = 1 << 20;        // octets
constexpr std::uint64_t page = 4096;

struct Command {
    std::uint64_t address;
    std::uint32_t octets;
};
struct Burst {
    std::uint64_t address;
    unsigned words;
    long when;  // not answered before this cycle
};
struct Traffic {
    unsigned gaps, stalls, latency;  // percent, percent, cycles
    std::uint32_t longest;           // octets
};

class Movers {
  public:
    Movers(unsigned seed, const Traffic& traffic)
        : chance_(seed), traffic_(traffic), memory_(size), written_(size) {
        for (auto& octet : memory_) octet = static_cast<std::uint8_t>(chance_.below(256));
        for (auto& octet : source_) octet = static_cast<std::uint8_t>(chance_.below(256));
    }

    // Cycles that the commands took.
    long run(std::size_t commands) {
        std::uint64_t at = 0;  // writes do not overlap: what memory holds after each is known
        for (std::size_t i = 0; i < commands; ++i) {
            const std::uint32_t octets = length();
            reads_.push_back({base + chance_.below((size - octets) / word) * word, octets});
            const std::uint32_t write = length();
            const std::uint64_t skip = chance_.below(3) * word;
            if (at + skip + write + word > size) continue;
            writes_.push_back({base + at + skip, write});
            at += skip + (write + word - 1) / word * word;
        }
        b_.reset();
        const long start = b_.cycle;
        while (reads_told_ < reads_.size() || writes_told_ < writes_.size()) {
            step();
            b_.require(b_.cycle < start + 40'000'000 / 100, "no end: a mover hangs");
        }
        for (int i = 0; i < 200; ++i) step();  // nothing more may come
        std::vector<std::uint8_t> expected(size);
        for (std::size_t i = 0, n = 0; i < writes_.size(); ++i) {
            for (std::uint32_t k = 0; k < writes_[i].octets; ++k)
                expected[writes_[i].address - base + k] = source(n + k);
            n += (writes_[i].octets + word - 1) / word * word;
        }
        b_.require(expected == written_, "memory does not hold what was to be written");
        return b_.cycle - start - 200;
    }
    std::uint64_t words() const { return words_; }

  private:
    std::uint32_t length() {
        switch (chance_.below(8)) {
            case 0:
                return 0;
            case 1:
                return static_cast<std::uint32_t>(word * (1 + chance_.below(4)));
            case 2:
                return 1 + chance_.below(3);
            case 3:
                return static_cast<std::uint32_t>(page);
            default:
                return 1 + chance_.below(traffic_.longest);
        }
    }
    std::uint8_t source(std::size_t at) const { return source_[at % source_.size()]; }
    // Two pages in sixteen answer with an error.
    static unsigned response(std::uint64_t address) {
        const std::uint64_t n = (address - base) / page % 16;
        return n == 5 ? 2 : n == 9 ? 3 : 0;
    }
    unsigned worst(const Command& c, std::uint64_t step) const {
        unsigned w = 0;
        for (std::uint64_t a = c.address; a < c.address + c.octets; a += step) w = std::max(w, response(a));
        return w;
    }
    bool gap() { return chance_.percent(traffic_.gaps); }
    bool stall() { return chance_.percent(traffic_.stalls); }

    void step() {
        auto& t = b_.top;
        // Offer: what was offered and not taken stays.
        if (!t.read_valid && next_read_ < reads_.size() && !gap()) {
            t.read_valid = 1;
            t.read_address = reads_[next_read_].address;
            t.read_octets = reads_[next_read_].octets;
        }
        if (!t.write_valid && next_write_ < writes_.size() && !gap()) {
            t.write_valid = 1;
            t.write_address = writes_[next_write_].address;
            t.write_octets = writes_[next_write_].octets;
        }
        if (!t.in_valid && !gap()) {
            std::uint8_t octets[word];
            for (std::size_t i = 0; i < word; ++i) octets[i] = source(in_ * word + i);
            bench::put(t.in_data, octets);
            t.in_valid = 1;
        }
        if (!t.rvalid && !reading_.empty() && reading_.front().when <= b_.cycle && !gap()) {
            const Burst& burst = reading_.front();
            bench::put(t.rdata, &memory_[burst.address - base]);
            t.rresp = static_cast<CData>(response(burst.address));
            t.rlast = burst.words == 1;
            t.rvalid = 1;
        }
        if (!t.bvalid && !answers_.empty() && answers_.front().when <= b_.cycle && !gap()) {
            t.bresp = static_cast<CData>(response(answers_.front().address));
            t.bvalid = 1;
        }
        t.out_ready = !stall();
        t.read_status_ready = !stall();
        t.write_status_ready = !stall();
        t.arready = !stall();
        t.awready = !stall();
        t.wready = !stall();
        b_.settle();
        const bool read = t.read_valid && t.read_ready, write = t.write_valid && t.write_ready;
        const bool in = t.in_valid && t.in_ready, r = t.rvalid && t.rready, b = t.bvalid && t.bready;
        if (t.out_valid && t.out_ready) word_out();
        if (t.read_status_valid && t.read_status_ready) told(reads_, reads_told_, t.read_status, word);
        if (t.write_status_valid && t.write_status_ready) write_told();
        if (t.arvalid && t.arready) reading_.push_back({t.araddr, t.arlen + 1U, later()});
        if (t.awvalid && t.awready) writing_.push_back({t.awaddr, t.awlen + 1U, 0});
        if (t.wvalid && t.wready) word_written();
        b_.edge();
        if (read) t.read_valid = 0, ++next_read_;
        if (write) t.write_valid = 0, ++next_write_;
        if (in) t.in_valid = 0, ++in_;
        if (r) {
            t.rvalid = 0;
            reading_.front().address += word;
            if (--reading_.front().words == 0) reading_.pop_front();
        }
        if (b) t.bvalid = 0, answers_.pop_front();
    }
    long later() { return b_.cycle + 1 + (traffic_.latency ? chance_.below(traffic_.latency) : 0); }

    void word_out() {
        auto& t = b_.top;
        while (out_ < reads_.size() && reads_[out_].octets == 0) ++out_;
        b_.require(out_ < reads_.size(), "a word that nobody asked for");
        const Command& c = reads_[out_];
        std::uint8_t octets[word];
        bench::get(t.out_data, octets);
        const std::uint32_t left = c.octets - moved_, n = std::min<std::uint32_t>(left, word);
        const std::uint64_t keep = n == word ? ~std::uint64_t{0} : (std::uint64_t{1} << n) - 1;
        b_.require(std::memcmp(octets, &memory_[c.address - base + moved_], word) == 0, "read: wrong octets");
        b_.require(t.out_keep == keep, "read: wrong octets are kept");
        b_.require(t.out_last == (left <= word), "read: the last word is another");
        moved_ += n;
        ++words_;
        if (t.out_last) moved_ = 0, ++out_;
    }
    void word_written() {
        auto& t = b_.top;
        b_.require(!writing_.empty(), "write: data before its address");
        Burst& burst = writing_.front();
        std::uint8_t octets[word];
        bench::get(t.wdata, octets);
        b_.require(burst.address >= base && burst.address + word <= base + size, "write: outside the memory");
        for (std::size_t i = 0; i < word; ++i)
            if (t.wstrb >> i & 1) written_[burst.address - base + i] = octets[i];
        burst.address += word;
        if (--burst.words == 0) {
            // Of a burst, which lies in one page, the memory answers for all words at once.
            answers_.push_back({burst.address - word, 0, later()});
            writing_.pop_front();
        }
    }
    void told(const std::vector<Command>& commands, std::size_t& told, unsigned status, std::uint64_t step) {
        b_.require(told < commands.size(), "a status that nobody waits for");
        b_.require(status == worst(commands[told], step), "the status is not the worst response");
        ++told;
    }
    void write_told() {
        const std::size_t which = writes_told_;
        told(writes_, writes_told_, b_.top.write_status, word);
        const Command& c = writes_[which];
        for (std::uint32_t k = 0; k < c.octets; ++k)
            b_.require(written_[c.address - base + k] == source(source_at_ + k),
                       "write: told before memory has it");
        source_at_ += (c.octets + word - 1) / word * word;
    }

    bench::Bench<Vaxi_bench> b_;
    bench::Chance chance_;
    Traffic traffic_;
    std::vector<std::uint8_t> memory_, written_;
    std::vector<std::uint8_t> source_ = std::vector<std::uint8_t>(65537);
    std::vector<Command> reads_, writes_;
    std::size_t next_read_ = 0, next_write_ = 0, reads_told_ = 0, writes_told_ = 0, out_ = 0, in_ = 0;
    std::size_t source_at_ = 0;
    std::uint32_t moved_ = 0;
    std::uint64_t words_ = 0;
    std::deque<Burst> reading_, writing_, answers_;
};

}  // namespace

int main() {
    const Traffic all[] = {
        {0, 0, 0, 9000}, {30, 30, 40, 9000}, {5, 70, 200, 600}, {70, 5, 5, 600}, {0, 0, 30, 172}};
    unsigned seed = 1;
    for (const Traffic& traffic : all) {
        Movers movers(seed++, traffic);
        const long cycles = movers.run(150);
        std::printf(
            "gaps %u %%, stalls %u %%, latency to %u cycles, commands to %u octets: %llu words read in %ld "
            "cycles\n",
            traffic.gaps, traffic.stalls, traffic.latency, traffic.longest,
            static_cast<unsigned long long>(movers.words()), cycles);
    }
    std::fflush(stdout);
    std::_Exit(0);  // static destruction of Verilated models aborts
}
