// The memory end of one AXI4 master port, 512 bits wide: bursts with random latency, answered in order, and
// random back-pressure on every channel. Addresses outside memory get DECERR.
#pragma once

#include <cstring>
#include <deque>
#include <random>

#include "drivers/xrt/batch.hpp"
#include "sim/card/knobs.hpp"
#include "sim/card/memory.hpp"

namespace causeway::sim {

class AxiMemory {
  public:
    AxiMemory(const Memory& memory, const Knobs& knobs, std::uint64_t seed)
        : memory_(memory), knobs_(knobs), random_(seed) {}

    void hang() { hanging_ = true; }               // answers nothing from now on
    void lose_writes() { losing_writes_ = true; }  // and still acknowledges them

    // Completion headers that are written from now on name the epoch before.
    void age_headers() { aging_headers_ = true; }

    // Before the clock edge: what memory offers in this cycle.
    template <class Model>
    void drive(Model& model) {
        constexpr std::size_t most_reads = 16;  // outstanding bursts
        constexpr std::size_t most_writes = 16;
        model.m_axi_gmem_arready = ready() && reads_.size() < most_reads;
        model.m_axi_gmem_awready = ready() && writes_.size() + acknowledged_.size() < most_writes;
        model.m_axi_gmem_wready = ready() && !writes_.empty();
        // What is valid stays so until it is taken.
        read_valid_ = read_valid_ || (!reads_.empty() && reads_.front().due <= cycle_ && ready());
        write_valid_ =
            write_valid_ || (!acknowledged_.empty() && acknowledged_.front().due <= cycle_ && ready());
        model.m_axi_gmem_rvalid = read_valid_;
        if (read_valid_) {
            const Burst& burst = reads_.front();
            const std::uint8_t* from = memory_.at(burst.address, word);
            model.m_axi_gmem_rlast = burst.left == 1;
            model.m_axi_gmem_rresp = from == nullptr ? decode_error : okay;
            if (from != nullptr) std::memcpy(&model.m_axi_gmem_rdata[0], from, word);
        }
        model.m_axi_gmem_bvalid = write_valid_;
        if (write_valid_) model.m_axi_gmem_bresp = acknowledged_.front().failed ? decode_error : okay;
    }

    // After the signals have settled, before the clock edge: what is handed over by it.
    template <class Model>
    void take(const Model& model) {
        if (model.m_axi_gmem_arvalid && model.m_axi_gmem_arready) {
            reads_.push_back(
                {model.m_axi_gmem_araddr & ~(word - 1), model.m_axi_gmem_arlen + 1u, due(), false});
        }
        if (model.m_axi_gmem_awvalid && model.m_axi_gmem_awready) {
            writes_.push_back({model.m_axi_gmem_awaddr & ~(word - 1), model.m_axi_gmem_awlen + 1u, 0, false});
        }
        if (model.m_axi_gmem_wvalid && model.m_axi_gmem_wready) {
            write(reinterpret_cast<const std::uint8_t*>(&model.m_axi_gmem_wdata[0]), model.m_axi_gmem_wstrb);
        }
        if (model.m_axi_gmem_rvalid && model.m_axi_gmem_rready) {
            reads_.front().address += word;
            if (--reads_.front().left == 0) reads_.pop_front();
            read_valid_ = false;
        }
        if (model.m_axi_gmem_bvalid && model.m_axi_gmem_bready) {
            acknowledged_.pop_front();
            write_valid_ = false;
        }
        ++cycle_;
    }

  private:
    static constexpr std::uint64_t word = 64;  // octets
    static constexpr std::uint8_t okay = 0, decode_error = 3;
    struct Burst {
        std::uint64_t address;
        unsigned left;      // words
        std::uint64_t due;  // cycle
        bool failed;
    };

    bool ready() { return !hanging_ && (knobs_.stall == 0 || random_() % 100 >= knobs_.stall); }
    std::uint64_t due() {
        return cycle_ + knobs_.least_latency + random_() % (knobs_.most_latency - knobs_.least_latency + 1);
    }
    void write(const std::uint8_t* data, std::uint64_t strobe) {
        Burst& burst = writes_.front();
        std::uint8_t* to = memory_.at(burst.address, word);
        if (to == nullptr) {
            burst.failed = true;
        } else if (!losing_writes_ && strobe == ~std::uint64_t{0}) {
            std::memcpy(to, data, word);
        } else if (!losing_writes_) {
            for (std::uint64_t i = 0; i < word; ++i) {
                if (strobe >> i & 1) to[i] = data[i];
            }
        }
        if (to != nullptr && aging_headers_) age(to);
        burst.address += word;
        if (--burst.left == 0) {
            burst.due = due();
            acknowledged_.push_back(burst);
            writes_.pop_front();
        }
    }

    static void age(std::uint8_t* octets) {
        card::CompletionHeader header;
        std::memcpy(&header, octets, sizeof header);
        if (header.magic != card::completion_magic) return;
        --header.epoch;
        std::memcpy(octets, &header, sizeof header);
    }

    const Memory& memory_;
    const Knobs& knobs_;
    std::minstd_rand random_;
    std::deque<Burst> reads_, writes_, acknowledged_;
    bool read_valid_ = false, write_valid_ = false;
    bool hanging_ = false, losing_writes_ = false, aging_headers_ = false;
    std::uint64_t cycle_ = 0;
};

}  // namespace causeway::sim
