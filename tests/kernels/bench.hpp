// What the test benches share: a clock, chance, and a way to fail that says when.
#pragma once

#include <verilated.h>

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <random>
#include <string>

namespace bench {

class Chance {
  public:
    explicit Chance(unsigned seed) : random_(seed) {}
    bool percent(unsigned p) { return random_() % 100 < p; }
    std::uint32_t below(std::uint32_t n) { return static_cast<std::uint32_t>(random_() % n); }

  private:
    std::mt19937_64 random_;
};

template <class Top>
class Bench {
  public:
    Top top;
    long cycle = 0;

    [[noreturn]] void fail(const std::string& what) const {
        std::printf("cycle %ld: %s\n", cycle, what.c_str());
        std::exit(1);
    }
    void require(bool holds, const std::string& what) const {
        if (!holds) fail(what);
    }
    void reset() {
        top.rst = 1;
        for (int i = 0; i < 4; ++i) edge();
        top.rst = 0;
        settle();
    }
    void settle() {
        top.clk = 0;
        top.eval();
    }
    void edge() {
        top.clk = 0;
        top.eval();
        top.clk = 1;
        top.eval();
        ++cycle;
    }
};

template <class Wide>
void put(Wide& port, const void* octets) {
    std::memcpy(&port[0], octets, sizeof(port));
}
template <class Wide>
void get(const Wide& port, void* octets) {
    std::memcpy(octets, &port[0], sizeof(port));
}

}  // namespace bench
