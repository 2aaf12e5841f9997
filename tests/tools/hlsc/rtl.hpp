// Drives Verilated processes with random gaps and stalls: NAME.in holds "STREAM HEX" lines, NAME.rtl gets
// what comes out. The program ends when every process has sent as many words as NAME.expect says, and some
// cycles more.
#pragma once

#include <verilated.h>

#include <fstream>
#include <functional>
#include <memory>
#include <random>
#include <string>
#include <vector>

namespace rtl {

using Words = std::vector<std::uint32_t>;

template <class Port>
void put(Port& port, const Words& w) {
    if constexpr (std::is_integral_v<Port>) {
        std::uint64_t v = w[0];
        if (w.size() > 1) v |= std::uint64_t{w[1]} << 32;
        port = static_cast<Port>(v);
    } else {
        for (std::size_t i = 0; i < w.size(); ++i) port[i] = w[i];
    }
}
template <class Port>
Words get(const Port& port, int width) {
    Words w((width + 31) / 32);
    for (std::size_t i = 0; i < w.size(); ++i) {
        if constexpr (std::is_integral_v<Port>) {
            w[i] = static_cast<std::uint32_t>(static_cast<std::uint64_t>(port) >> 32 * i);
        } else {
            w[i] = port[i];
        }
    }
    return w;
}

struct Input {
    std::vector<Words> words;
    std::size_t next = 0;
    bool offered = false;
    std::function<void(const Words*)> drive;  // nullptr: nothing offered
    std::function<bool()> ready;
};
struct Output {
    int stream, width;
    std::size_t expected = 0;
    std::vector<std::string> got;
    bool takes = false;
    std::function<void(bool)> drive;
    std::function<bool()> valid;
    std::function<Words()> data;
};
struct Process {
    std::string name;
    std::vector<std::unique_ptr<Input>> inputs;
    std::vector<std::unique_ptr<Output>> outputs;
};

template <class Top>
class Bench {
  public:
    Top top;
    explicit Bench(unsigned seed) : random_(seed) {}

    void process(const std::string& name) { processes_.push_back({name, {}, {}}); }
    template <class D>
    void input(int stream, int width, D& data, CData& valid, CData& ready) {
        auto i = std::make_unique<Input>();
        std::ifstream file(processes_.back().name + ".in");
        int k = 0;
        for (std::string hex; file >> k >> hex;) {
            if (k != stream) continue;
            Words w((width + 31) / 32);
            for (std::size_t at = 0; at < hex.size(); ++at) {
                const std::size_t bit = 4 * (hex.size() - 1 - at);
                const auto digit = static_cast<std::uint32_t>(std::stoul(hex.substr(at, 1), nullptr, 16));
                if (bit / 32 < w.size()) w[bit / 32] |= digit << bit % 32;
            }
            i->words.push_back(w);
        }
        i->drive = [&data, &valid](const Words* w) {
            valid = w != nullptr;
            if (w) put(data, *w);
        };
        i->ready = [&ready] { return ready != 0; };
        processes_.back().inputs.push_back(std::move(i));
    }
    template <class D>
    void output(int stream, int width, D& data, CData& valid, CData& ready) {
        auto o = std::make_unique<Output>();
        o->stream = stream;
        o->width = width;
        std::ifstream file(processes_.back().name + ".expect");
        int k = 0;
        for (std::size_t n = 0; file >> k >> n;) {
            if (k == stream) o->expected = n;
        }
        o->drive = [&ready](bool r) { ready = r; };
        o->valid = [&valid] { return valid != 0; };
        o->data = [&data, width] { return get(data, width); };
        processes_.back().outputs.push_back(std::move(o));
    }

    // Percent of cycles in which a word that is there is held back, and in which an output is not taken.
    long run(int gaps, int stalls, long most) {
        gaps_ = gaps;
        stalls_ = stalls;
        top.rst = 1;
        for (auto& p : processes_) {
            for (auto& i : p.inputs) i->drive(nullptr);
            for (auto& o : p.outputs) o->drive(false);
        }
        for (int i = 0; i < 4; ++i) clock();
        top.rst = 0;
        long cycles = 0;
        for (int after = 300; after > 0 && cycles < most; ++cycles) {
            cycle();
            if (done()) --after;
        }
        for (auto& p : processes_) {
            std::ofstream out(p.name + ".rtl");
            for (auto& o : p.outputs) {
                for (const auto& w : o->got) out << o->stream << " " << w << "\n";
            }
        }
        return cycles;
    }

  private:
    std::mt19937 random_;
    std::vector<Process> processes_;
    int gaps_ = 0, stalls_ = 0;

    bool percent(int p) { return static_cast<int>(random_() % 100) < p; }
    void clock() {
        top.clk = 0;
        top.eval();
        top.clk = 1;
        top.eval();
    }
    void cycle() {
        top.clk = 0;
        for (auto& p : processes_) {
            for (auto& i : p.inputs) {
                if (!i->offered && i->next < i->words.size()) i->offered = !percent(gaps_);
                i->drive(i->offered ? &i->words[i->next] : nullptr);
            }
            for (auto& o : p.outputs) o->drive(o->takes = !percent(stalls_));
        }
        top.eval();
        for (auto& p : processes_) {
            for (auto& i : p.inputs) {
                if (i->offered && i->ready()) {
                    ++i->next;
                    i->offered = false;
                }
            }
            for (auto& o : p.outputs) {
                if (o->takes && o->valid()) o->got.push_back(hex(o->data(), o->width));
            }
        }
        top.clk = 1;
        top.eval();
    }
    static std::string hex(const Words& w, int width) {
        std::string s((width + 3) / 4, '0');
        for (std::size_t i = 0; i < s.size(); ++i) {
            const std::size_t bit = 4 * (s.size() - 1 - i);
            s[i] = "0123456789abcdef"[w[bit / 32] >> bit % 32 & 15];
        }
        return s;
    }
    bool done() const {
        for (const auto& p : processes_) {
            for (const auto& o : p.outputs) {
                if (o->got.size() < o->expected) return false;
            }
        }
        return true;
    }
};

}  // namespace rtl
