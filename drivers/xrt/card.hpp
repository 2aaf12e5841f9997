// A card, seen from a thread of the host that gives it packets. XRT itself is in a process of its own
// (process.hpp), so that nothing that happens to it, or to the card, kills or stops this one: whatever goes
// wrong there becomes State::lost with a reason, within a deadline.
//
// Packets are gathered to batches, a batch goes to the card when it is full or its deadline has come.
// Everything here is called on one thread, which must not end before.
#pragma once

#include <array>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "drivers/xrt/assembly.hpp"
#include "drivers/xrt/process.hpp"
#include "drivers/xrt/shared.hpp"
#include "host/base/time.hpp"

namespace causeway::card {

struct CardOptions {
    std::string xclbin;                   // path; for a card or for hw_emu
    std::string device = "0";             // index, or BDF such as 0000:65:00.1
    std::string program;                  // causeway-card-engine; empty: where default_program() finds it
    std::uint32_t epoch = 1;              // another one after each loss
    unsigned slots = 4;                   // batches of a unit, filled, running or done; 2 to most_slots
    std::uint32_t packets = 128;          // of a batch at most, up to most_descriptors
    std::uint32_t sessions = 1024;        // of a unit; each takes 8 KiB of device memory
    std::uint32_t slot_size = 512 << 10;  // octets of a batch at most
    Duration batch_deadline = std::chrono::milliseconds(1);  // a packet waits for others so long
    Duration start_deadline = std::chrono::seconds(30);
    Duration run_deadline{};  // a run that takes longer never ends; 0: 2 s, of a simulated card 30 s
    Duration silence = std::chrono::seconds(3);  // the process is lost when it does nothing for so long
};

// The program beside this one, or where it is installed.
std::string default_program();

class Card {
  public:
    enum class State { starting, ready, lost };
    using Completed = std::function<void(const Completion&, ByteView packet)>;

    // Begins to open the card; state() says how that goes. Fails at once where files are missing or wrong.
    static Result<std::unique_ptr<Card>> start(const CardOptions& options, Time now);

    State state() const { return state_; }
    const std::string& why() const { return why_; }      // it is lost
    const Facts& facts() const { return page().facts; }  // once it is ready
    unsigned units() const { return state_ == State::ready ? page().facts.units : 0; }
    const UnitCounters& counters(unsigned unit) const { return page().counters[unit]; }

    // Adds a packet (up to 65535 octets) to the batch of a unit. False: no room now, or the card is not
    // ready; the caller does without the card. What comes out comes to poll(). Packets of a lost card never
    // come out.
    bool submit(unsigned unit, const Descriptor& descriptor, ByteView packet, Time now);
    // Hands over what was gathered, without waiting for more.
    void flush();

    // Looks after everything: state, deadlines, completions. Call it when fd() is readable and when
    // next_look() has come.
    void poll(Time now, const Completed& completed);
    int fd() const { return process_.socket(); }
    Time next_look() const { return next_look_; }

  private:
    struct Gathering {
        Assembly assembly;
        Time deadline;
    };
    struct Unit {
        unsigned fill = 0, drain = 0;  // slots
        std::optional<Gathering> gathering;
    };

    Card(const CardOptions& options, Shared shared, CardProcess process, Time now);
    SharedPage& page() const { return shared_.page(); }
    std::atomic<SlotState>& slot_state(unsigned unit, unsigned slot) const {
        return page().slot_states[unit][slot];
    }
    std::span<std::uint8_t> slot(unsigned unit, unsigned slot) const {
        return {shared_.slot(unit, slot), options_.slot_size};
    }
    void hand_over(unsigned unit);
    void drain(unsigned unit, const Completed& completed);
    void lose(std::string why);
    void look_at_process(Time now);

    CardOptions options_;
    Shared shared_;
    CardProcess process_;
    State state_ = State::starting;
    std::string why_;
    std::array<Unit, most_units> units_;
    std::uint32_t batch_ = 0;
    std::uint64_t heartbeat_ = 0;
    Time started_, heard_, next_look_;
};

}  // namespace causeway::card
