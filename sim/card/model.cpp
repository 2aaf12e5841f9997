#include "sim/card/model.hpp"

#include <poll.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <cstdio>
#include <string>

#include "kernel_description.hpp"
#include "sim/card/compute_unit.hpp"
#include "sim/card/stream.hpp"
#include "sim/rpc/calls.hpp"

namespace causeway::sim {
namespace {

using Words = std::array<std::uint32_t, most_words>;

class Card {
  public:
    Card(const Memory& memory, const Knobs& knobs) : memory_(memory), knobs_(knobs) {}

    bool busy() const {
        for (const auto& unit : units_) {
            if (unit && unit->busy()) return true;
        }
        return false;
    }
    void run(int cycles) {
        for (const auto& unit : units_) {
            for (int i = 0; unit && unit->busy() && i < cycles; ++i) unit->tick();
        }
    }
    void flush() {
        for (const auto& unit : units_) {
            if (unit) unit->flush();
        }
    }
    void end_traces() {
        for (const auto& unit : units_) {
            if (unit) unit->end_trace();
        }
    }
    // The control register is written last, so that what is written in one piece is complete when it starts.
    void write(const RegisterAccess& access, const Words& words) {
        ComputeUnit& to = unit(access.address);
        for (std::uint32_t i = access.words; i-- > 0;) {
            const auto address = static_cast<std::uint32_t>((access.address + 4 * i) & register_page);
            if (address == control_register && (words[i] & 1) != 0) count_run(to);
            to.write(address, words[i]);
        }
    }
    void read(const RegisterAccess& access, Words& words) {
        ComputeUnit& from = unit(access.address);
        for (std::uint32_t i = 0; i < access.words; ++i) {
            words[i] = from.read(static_cast<std::uint32_t>((access.address + 4 * i) & register_page));
            if (out_of_bus_) words[i] = ~std::uint32_t{0};
        }
    }

  private:
    ComputeUnit& unit(std::uint64_t address) {
        const std::uint64_t index = (address - first_unit) / unit_range;
        auto& unit = units_[index];
        if (!unit) {
            unit = std::make_unique<ComputeUnit>("media_" + std::to_string(index + 1), memory_, knobs_,
                                                 knobs_.seed * most_units + index + 1);
        }
        return *unit;
    }
    void count_run(ComputeUnit& starting) {
        if (++runs_ != knobs_.faulty_run) return;
        switch (knobs_.fault) {
            case Fault::none:
                break;
            case Fault::hang:
                starting.memory().hang();
                break;
            case Fault::lost_writes:
                starting.memory().lose_writes();
                break;
            case Fault::stale:
                starting.memory().age_headers();
                break;
            case Fault::ones:
                out_of_bus_ = true;
                break;
            case Fault::card_dies:
                kill(getppid(), SIGKILL);
                [[fallthrough]];
            case Fault::model_dies:
                kill(getpid(), SIGKILL);
                break;
        }
    }

    const Memory& memory_;
    const Knobs& knobs_;
    std::array<std::unique_ptr<ComputeUnit>, most_units> units_;
    std::uint64_t runs_ = 0;
    bool out_of_bus_ = false;
};

bool serve(int fd, Card& card) {
    RegisterAccess access;
    Words words{};
    if (!receive_all(fd, &access, sizeof access)) return false;
    const std::size_t size = access.words * sizeof(std::uint32_t);
    if (access.write) {
        if (!receive_all(fd, words.data(), size)) return false;
        card.write(access, words);
        return send_all(fd, std::string_view("", 1));
    }
    card.read(access, words);
    return send_all(fd, {reinterpret_cast<const char*>(words.data()), size});
}

}  // namespace

void run_model(int fd, const Memory& memory, const Knobs& knobs) {
    constexpr int slice = 256;  // cycles between two looks for register accesses
    auto& card = *new Card(memory, knobs);
    for (;;) {
        const bool busy = card.busy();
        if (!busy) card.flush();
        pollfd waiting{fd, POLLIN, 0};
        if (poll(&waiting, 1, busy ? 0 : -1) > 0 && !serve(fd, card)) break;
        if (busy) card.run(slice);
    }
    card.end_traces();
    std::fflush(nullptr);
    _exit(0);  // the destruction of Verilated models at exit aborts
}

bool access_model(int fd, const RegisterAccess& access, std::uint32_t* words) {
    const std::string_view header(reinterpret_cast<const char*>(&access), sizeof access);
    const std::size_t size = access.words * sizeof(std::uint32_t);
    char acknowledged = 0;
    if (!send_all(fd, header)) return false;
    if (!access.write) return receive_all(fd, words, size);
    return send_all(fd, {reinterpret_cast<const char*>(words), size}) && receive_all(fd, &acknowledged, 1);
}

}  // namespace causeway::sim
