// One compute unit: its ring of slots, two of which are on the card at a time, so that one is transferred
// while the other is worked on.
#pragma once

#include <xrt/xrt_bo.h>
#include <xrt/xrt_device.h>
#include <xrt/xrt_kernel.h>

#include <atomic>
#include <chrono>
#include <deque>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

#include "drivers/xrt/batch.hpp"
#include "drivers/xrt/shared.hpp"
#include "host/base/bytes.hpp"

namespace causeway::card {

using Clock = std::chrono::steady_clock;

// The card has not done what it should; the text says what.
class CardLost : public std::runtime_error {
  public:
    using std::runtime_error::runtime_error;
};

class Unit {
  public:
    // `wake` is an eventfd, written when a run has ended. `name` is that of the compute unit in the xclbin.
    Unit(const xrt::device& device, const xrt::uuid& xclbin, const std::string& name, unsigned index,
         const Shared& shared, int wake);

    // Before the first session, and after the last.
    void zero_contexts();
    // Runs a batch without packets, and sets the kernel's build in the facts. Throws CardLost.
    void probe();

    // Takes what has ended from the card and starts what is filled. True where a slot has been given back.
    bool work();
    // Whether a run has not ended.
    bool busy() const;
    // When the oldest run is too late.
    std::optional<Clock::time_point> deadline() const;
    // Throws CardLost when it is.
    void check_deadline(Clock::time_point now) const;
    const std::string& name() const { return name_; }

  private:
    struct Slot {
        xrt::bo memory;
        std::uint8_t* mapped = nullptr;
        xrt::run run;
        std::atomic<int> ended{0};  // the state of the run, once it has ended
        int wake = -1;
    };
    static void on_end(const void* run, ert_cmd_state state, void* slot);
    void start(unsigned slot);
    void finish(unsigned slot);
    // The batch goes to the card with the place of the contexts.
    void send(Slot& slot, BatchHeader batch);
    // Keys that went to the card in a batch stay in none of the three places that it was in.
    void wipe_keys(unsigned slot, const BatchHeader& batch);
    CompletionHeader read_back(Slot& slot, const BatchHeader& batch);

    std::string name_;
    unsigned index_;
    const Shared& shared_;
    xrt::kernel kernel_;
    xrt::bo contexts_;  // of the sessions, in device memory
    std::vector<std::unique_ptr<Slot>> slots_;
    std::deque<Clock::time_point> started_;  // of the slots from next_to_finish_
    unsigned next_to_start_ = 0, next_to_finish_ = 0;
};

}  // namespace causeway::card
