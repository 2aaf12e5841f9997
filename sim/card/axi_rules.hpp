// What AXI4 demands of a master (ARM IHI 0022), watched cycle by cycle: what is valid stays, unchanged, until
// it is taken; bursts are of whole words, incrementing, within 4 KB; the last word of a burst says so.
#pragma once

#include <cstdint>
#include <cstring>
#include <deque>
#include <string>

namespace causeway::sim {

class AxiRules {
  public:
    // After the signals have settled. Empty, or the rule that is broken.
    template <class Model>
    std::string check(const Model& model) {
        std::string broken =
            address("read address", reads_, model.m_axi_gmem_arvalid, model.m_axi_gmem_arready,
                    model.m_axi_gmem_araddr, model.m_axi_gmem_arlen, model.m_axi_gmem_arsize,
                    model.m_axi_gmem_arburst);
        if (!broken.empty()) return broken;
        broken = address("write address", writes_, model.m_axi_gmem_awvalid, model.m_axi_gmem_awready,
                         model.m_axi_gmem_awaddr, model.m_axi_gmem_awlen, model.m_axi_gmem_awsize,
                         model.m_axi_gmem_awburst);
        if (!broken.empty()) return broken;
        if (model.m_axi_gmem_awvalid && model.m_axi_gmem_awready) bursts_.push_back(model.m_axi_gmem_awlen);
        return data(model);
    }

  private:
    struct Address {
        bool waiting = false;
        std::uint64_t address = 0;
        unsigned length = 0;
    };

    static std::string address(const char* channel, Address& last, bool valid, bool ready,
                               std::uint64_t address, unsigned length, unsigned size, unsigned burst) {
        constexpr std::uint64_t page = 4096;  // octets
        constexpr unsigned whole_words = 6, incrementing = 1;
        const std::string name = channel;
        if (last.waiting && !valid) return name + ": valid was taken back";
        if (last.waiting && (address != last.address || length != last.length))
            return name + ": changed before it was taken";
        if (valid && (size != whole_words || burst != incrementing))
            return name + ": not a burst of whole words";
        if (valid && address % page / 64 + length + 1 > page / 64) return name + ": a burst crosses 4 KB";
        last = {valid && !ready, address, length};
        return {};
    }

    template <class Model>
    std::string data(const Model& model) {
        const bool valid = model.m_axi_gmem_wvalid;
        const bool ready = model.m_axi_gmem_wready;
        const void* word = &model.m_axi_gmem_wdata[0];
        if (waiting_ && !valid) return "write data: valid was taken back";
        if (waiting_ && (std::memcmp(word_, word, sizeof word_) != 0 || strobe_ != model.m_axi_gmem_wstrb)) {
            return "write data: changed before it was taken";
        }
        waiting_ = valid && !ready;
        std::memcpy(word_, word, sizeof word_);
        strobe_ = model.m_axi_gmem_wstrb;
        if (!valid || !ready || bursts_.empty()) return {};
        if (model.m_axi_gmem_wlast != (words_ == bursts_.front()))
            return "write data: the last word is not where the burst ends";
        ++words_;
        if (model.m_axi_gmem_wlast) {
            words_ = 0;
            bursts_.pop_front();
        }
        return {};
    }

    Address reads_, writes_;
    std::deque<unsigned> bursts_;  // lengths, as AXI gives them: words less one
    unsigned words_ = 0;           // of the first burst, taken
    bool waiting_ = false;
    std::uint8_t word_[64] = {};
    std::uint64_t strobe_ = 0;
};

}  // namespace causeway::sim
