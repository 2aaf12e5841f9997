// The memory end of an AXI port, and the rules that a master is held to.
#include <gtest/gtest.h>

#include <array>
#include <functional>
#include <vector>

#include "sim/card/axi_memory.hpp"
#include "sim/card/axi_rules.hpp"

namespace causeway::sim {
namespace {

// The signals of a master's port, as Verilator would name them.
struct Port {
    std::uint64_t m_axi_gmem_araddr = 0, m_axi_gmem_awaddr = 0, m_axi_gmem_wstrb = ~std::uint64_t{0};
    std::uint8_t m_axi_gmem_arlen = 0, m_axi_gmem_arsize = 6, m_axi_gmem_arburst = 1, m_axi_gmem_arvalid = 0;
    std::uint8_t m_axi_gmem_awlen = 0, m_axi_gmem_awsize = 6, m_axi_gmem_awburst = 1, m_axi_gmem_awvalid = 0;
    std::uint8_t m_axi_gmem_arready = 0, m_axi_gmem_awready = 0, m_axi_gmem_wready = 0;
    std::array<std::uint32_t, 16> m_axi_gmem_rdata{}, m_axi_gmem_wdata{};
    std::uint8_t m_axi_gmem_rvalid = 0, m_axi_gmem_rready = 1, m_axi_gmem_rlast = 0, m_axi_gmem_rresp = 0;
    std::uint8_t m_axi_gmem_wvalid = 0, m_axi_gmem_wlast = 0;
    std::uint8_t m_axi_gmem_bvalid = 0, m_axi_gmem_bready = 1, m_axi_gmem_bresp = 0;
};

constexpr std::uint64_t memory_size = 1 << 20;

class Bench {
  public:
    explicit Bench(const Knobs& knobs)
        : knobs_(knobs), memory_(memory_size), axi_(memory_, knobs_, knobs.seed) {}

    // Cycles until `done`, and at most so many.
    bool until(const std::function<bool()>& done, int cycles = 20000) {
        for (int i = 0; i < cycles; ++i) {
            axi_.drive(port);
            EXPECT_EQ(rules_.check(port), "");
            const bool end = done();
            axi_.take(port);
            if (end) return true;
        }
        return false;
    }
    std::uint8_t write(std::uint64_t address, unsigned words, std::uint32_t first,
                       std::uint64_t strobe = ~std::uint64_t{0}) {
        port.m_axi_gmem_awaddr = address;
        port.m_axi_gmem_awlen = static_cast<std::uint8_t>(words - 1);
        port.m_axi_gmem_awvalid = 1;
        EXPECT_TRUE(until([&] { return port.m_axi_gmem_awready != 0; }));
        port.m_axi_gmem_awvalid = 0;
        port.m_axi_gmem_wstrb = strobe;
        for (unsigned i = 0; i < words; ++i) {
            port.m_axi_gmem_wdata.fill(first + i);
            port.m_axi_gmem_wvalid = 1;
            port.m_axi_gmem_wlast = i + 1 == words;
            EXPECT_TRUE(until([&] { return port.m_axi_gmem_wready != 0; }));
        }
        port.m_axi_gmem_wvalid = 0;
        EXPECT_TRUE(until([&] { return port.m_axi_gmem_bvalid != 0; }));
        return port.m_axi_gmem_bresp;
    }
    // The first 32 bits of each word; empty where memory refuses.
    std::vector<std::uint32_t> read(std::uint64_t address, unsigned words) {
        port.m_axi_gmem_araddr = address;
        port.m_axi_gmem_arlen = static_cast<std::uint8_t>(words - 1);
        port.m_axi_gmem_arvalid = 1;
        EXPECT_TRUE(until([&] { return port.m_axi_gmem_arready != 0; }));
        port.m_axi_gmem_arvalid = 0;
        std::vector<std::uint32_t> got;
        for (bool last = false; !last;) {
            EXPECT_TRUE(until([&] { return port.m_axi_gmem_rvalid != 0; }));
            last = port.m_axi_gmem_rlast;
            if (port.m_axi_gmem_rresp == 0) got.push_back(port.m_axi_gmem_rdata[0]);
        }
        return got;
    }

    Port port;

  private:
    Knobs knobs_;
    Memory memory_;
    AxiMemory axi_;
    AxiRules rules_;
};

TEST(AxiMemory, GivesBackWhatWasWrittenWhateverItsPace) {
    for (const unsigned stall : {0u, 50u, 90u}) {
        Knobs knobs;
        knobs.stall = stall;
        knobs.least_latency = stall == 0 ? 0 : 1;
        Bench bench(knobs);
        EXPECT_EQ(bench.write(4096, 16, 100), 0);
        EXPECT_EQ(bench.write(8192, 1, 7), 0);
        const auto read = bench.read(4096, 16);
        ASSERT_EQ(read.size(), 16u);
        for (std::uint32_t i = 0; i < 16; ++i) EXPECT_EQ(read[i], 100 + i);
        EXPECT_EQ(bench.read(8192, 1), std::vector<std::uint32_t>{7});
    }
}

TEST(AxiMemory, WritesTheOctetsThatTheStrobeNames) {
    Bench bench({});
    bench.write(0, 1, 0x11111111);
    bench.write(0, 1, 0x22222222, 0b0101);
    EXPECT_EQ(bench.read(0, 1), std::vector<std::uint32_t>{0x11221122});
}

TEST(AxiMemory, RefusesWhatIsNoMemory) {
    Bench bench({});
    EXPECT_EQ(bench.write(memory_size, 1, 1), 3);
    EXPECT_TRUE(bench.read(memory_size, 2).empty());
    EXPECT_TRUE(bench.read(~std::uint64_t{0} - 63, 1).empty());
}

TEST(AxiRules, NameWhatAMasterBreaks) {
    struct Case {
        std::function<void(Port&)> first, then;
        const char* told;
    };
    const Case cases[] = {
        {[](Port& p) { p.m_axi_gmem_arvalid = 1; }, [](Port& p) { p.m_axi_gmem_arvalid = 0; },
         "read address: valid was taken back"},
        {[](Port& p) { p.m_axi_gmem_awvalid = 1; }, [](Port& p) { p.m_axi_gmem_awaddr = 64; },
         "write address: changed"},
        {[](Port& p) { p.m_axi_gmem_wvalid = 1; }, [](Port& p) { p.m_axi_gmem_wvalid = 0; },
         "write data: valid was taken back"},
        {[](Port& p) { p.m_axi_gmem_wvalid = 1; }, [](Port& p) { p.m_axi_gmem_wdata[3] = 9; },
         "write data: changed"},
        {[](Port&) {},
         [](Port& p) {
             p.m_axi_gmem_arvalid = 1;
             p.m_axi_gmem_araddr = 4096 - 64;
             p.m_axi_gmem_arlen = 1;
         },
         "crosses 4 KB"},
        {[](Port&) {},
         [](Port& p) {
             p.m_axi_gmem_arvalid = 1;
             p.m_axi_gmem_arsize = 2;
         },
         "not a burst of whole words"},
        {[](Port& p) {
             p.m_axi_gmem_awvalid = p.m_axi_gmem_awready = 1;
             p.m_axi_gmem_awlen = 1;
         },
         [](Port& p) {
             p.m_axi_gmem_awvalid = 0;
             p.m_axi_gmem_wvalid = p.m_axi_gmem_wready = p.m_axi_gmem_wlast = 1;
         },
         "the last word is not where the burst ends"},
    };
    for (const Case& broken : cases) {
        AxiRules rules;
        Port port;
        broken.first(port);
        EXPECT_EQ(rules.check(port), "");
        broken.then(port);
        EXPECT_NE(rules.check(port).find(broken.told), std::string::npos) << broken.told;
    }
}

}  // namespace
}  // namespace causeway::sim
