#include "drivers/xrt/engine/unit.hpp"

#include <fmt/format.h>
#include <poll.h>
#include <unistd.h>

#include <algorithm>

#include "drivers/xrt/assembly.hpp"
#include "drivers/xrt/context.hpp"

namespace causeway::card {
namespace {

constexpr std::size_t most_on_the_card = 2;

}  // namespace

Unit::Unit(const xrt::device& device, const xrt::uuid& xclbin, const std::string& name, unsigned index,
           const Shared& shared, int wake)
    : name_(name),
      index_(index),
      shared_(shared),
      kernel_(device, xclbin, fmt::format("media:{{{}}}", name)) {
    const SharedPage& page = shared.page();
    const std::size_t contexts = std::size_t{page.sessions} * context_stride;
    contexts_ = xrt::bo(device, contexts, kernel_.group_id(0));
    std::memset(contexts_.map<void*>(), 0, contexts);
    zero_contexts();
    for (unsigned i = 0; i < page.slots; ++i) {
        auto slot = std::make_unique<Slot>();
        slot->memory = xrt::bo(device, page.slot_size, kernel_.group_id(0));
        slot->mapped = slot->memory.map<std::uint8_t*>();
        slot->wake = wake;
        slot->run = xrt::run(kernel_);
        slot->run.set_arg(0, slot->memory);
        slot->run.add_callback(ERT_CMD_STATE_COMPLETED, &Unit::on_end, slot.get());
        slots_.push_back(std::move(slot));
    }
}

// What the host has of them is always zero.
void Unit::zero_contexts() {
    constexpr std::size_t piece = 8 << 20;  // of one transfer
    for (std::size_t at = 0; at < contexts_.size(); at += piece) {
        contexts_.sync(XCL_BO_SYNC_BO_TO_DEVICE, std::min(piece, contexts_.size() - at), at);
    }
}

// On a thread of XRT.
void Unit::on_end(const void*, ert_cmd_state state, void* slot) {
    auto& of = *static_cast<Slot*>(slot);
    of.ended.store(state, std::memory_order_release);
    const std::uint64_t one = 1;
    (void)!write(of.wake, &one, sizeof one);
}

void Unit::send(Slot& slot, BatchHeader batch) {
    batch.sessions = shared_.page().sessions;
    batch.contexts = contexts_.address();
    std::memcpy(slot.mapped, &batch, sizeof batch);
    slot.memory.sync(XCL_BO_SYNC_BO_TO_DEVICE, batch.completions, 0);
}

// Only the host's parts are copied to the card, only the kernel's parts back.
void Unit::start(unsigned index) {
    Slot& slot = *slots_[index];
    slot.ended.store(0, std::memory_order_relaxed);
    send(slot, read_at<BatchHeader>({slot.mapped, sizeof(BatchHeader)}, 0));
    slot.run.start();
    started_.push_back(Clock::now());
    shared_.page().counters[index_].running.fetch_add(1, std::memory_order_relaxed);
}

CompletionHeader Unit::read_back(Slot& slot, const BatchHeader& batch) {
    slot.memory.sync(XCL_BO_SYNC_BO_FROM_DEVICE, batch.size - batch.completions, batch.completions);
    const auto header = read_at<CompletionHeader>({slot.mapped, batch.size}, batch.completions);
    if (completes(header, batch)) return header;
    if (header.magic != completion_magic) {
        throw CardLost(fmt::format("{}: batch {} came back without a completion header: the card is lost",
                                   name_, batch.batch));
    }
    if (header.build != batch.build) {
        throw CardLost(fmt::format("{}: the xclbin's kernel has interface {}, this program wants {}", name_,
                                   header.build, batch.build));
    }
    throw CardLost(fmt::format("{}: batch {} of epoch {} came back as batch {} of epoch {}: the card is lost",
                               name_, batch.batch, batch.epoch, header.batch, header.epoch));
}

void Unit::probe() {
    Slot& slot = *slots_[0];
    std::memset(slot.mapped, 0, shared_.page().slot_size);
    BatchHeader batch;
    batch.epoch = shared_.page().epoch;
    batch.completions = sizeof batch;
    batch.output_begin = batch.completions + sizeof(CompletionHeader);
    batch.size = batch.output_begin;
    send(slot, batch);
    slot.ended.store(0, std::memory_order_relaxed);
    started_.push_back(Clock::now());
    slot.run.start();
    while (slot.ended.load(std::memory_order_acquire) == 0) {
        check_deadline(Clock::now());
        pollfd waiting{slot.wake, POLLIN, 0};
        poll(&waiting, 1, 10);
    }
    started_.clear();
    shared_.page().facts.build = read_back(slot, batch).build;
}

void Unit::wipe_keys(unsigned index, const BatchHeader& batch) {
    Slot& slot = *slots_[index];
    for (std::uint32_t i = 0; i < batch.count; ++i) {
        const auto descriptor = read_at<Descriptor>({slot.mapped, batch.size}, (1 + i) * sizeof(Descriptor));
        if (descriptor.operation != Operation::open && descriptor.operation != Operation::rekey) continue;
        const std::uint32_t end = descriptor.in_offset + align(descriptor.length);
        if (descriptor.in_offset % alignment != 0 || end < descriptor.in_offset || end > batch.completions)
            continue;
        explicit_bzero(slot.mapped + descriptor.in_offset, end - descriptor.in_offset);
        explicit_bzero(shared_.slot(index_, index) + descriptor.in_offset, end - descriptor.in_offset);
        slot.memory.sync(XCL_BO_SYNC_BO_TO_DEVICE, end - descriptor.in_offset, descriptor.in_offset);
    }
}

void Unit::finish(unsigned index) {
    Slot& slot = *slots_[index];
    const int ended = slot.ended.load(std::memory_order_acquire);
    slot.run.wait(std::chrono::milliseconds(1000));  // for what XRT still has to do after its callback
    const auto batch = read_at<BatchHeader>({slot.mapped, sizeof(BatchHeader)}, 0);
    if (ended != ERT_CMD_STATE_COMPLETED) {
        throw CardLost(fmt::format("{}: the run of batch {} ended in state {}", name_, batch.batch, ended));
    }
    const CompletionHeader header = read_back(slot, batch);
    wipe_keys(index, batch);
    std::memcpy(shared_.slot(index_, index) + batch.completions, slot.mapped + batch.completions,
                batch.size - batch.completions);
    UnitCounters& counters = shared_.page().counters[index_];
    const auto add = [](std::atomic<std::uint64_t>& counter, std::uint64_t amount) {
        counter.fetch_add(amount, std::memory_order_relaxed);
    };
    for (std::uint32_t i = 0; i < batch.count; ++i) {
        const auto completion =
            read_at<Completion>({slot.mapped, batch.size}, batch.completions + (1 + i) * sizeof(Completion));
        const auto descriptor = read_at<Descriptor>({slot.mapped, batch.size}, (1 + i) * sizeof(Descriptor));
        add(counters.octets_in, descriptor.length);
        add(counters.octets_out, completion.length);
        if (completion.status != Status::ok) add(counters.refused, 1);
    }
    add(counters.batches, 1);
    add(counters.packets, batch.count);
    add(counters.cycles, header.cycles);
    add(counters.nanoseconds, static_cast<std::uint64_t>((Clock::now() - started_.front()).count()));
    counters.running.fetch_sub(1, std::memory_order_relaxed);
    started_.pop_front();
    shared_.page().slot_states[index_][index].store(SlotState::done, std::memory_order_release);
}

bool Unit::work() {
    const unsigned slots = shared_.page().slots;
    auto& states = shared_.page().slot_states[index_];
    bool given_back = false;
    while (!started_.empty() && slots_[next_to_finish_]->ended.load(std::memory_order_acquire) != 0) {
        finish(next_to_finish_);
        next_to_finish_ = (next_to_finish_ + 1) % slots;
        given_back = true;
    }
    while (started_.size() < most_on_the_card &&
           states[next_to_start_].load(std::memory_order_acquire) == SlotState::filled) {
        Slot& slot = *slots_[next_to_start_];
        const std::uint8_t* from = shared_.slot(index_, next_to_start_);
        const auto batch = read_at<BatchHeader>({from, sizeof(BatchHeader)}, 0);
        if (!sound(batch, shared_.page().slot_size)) throw CardLost("a batch was handed over that is none");
        states[next_to_start_].store(SlotState::running, std::memory_order_relaxed);
        std::memcpy(slot.mapped, from, batch.completions);
        start(next_to_start_);
        next_to_start_ = (next_to_start_ + 1) % slots;
    }
    return given_back;
}

bool Unit::busy() const {
    for (std::size_t i = 0; i < started_.size(); ++i) {
        if (slots_[(next_to_finish_ + i) % slots_.size()]->ended.load(std::memory_order_acquire) == 0)
            return true;
    }
    return false;
}

std::optional<Clock::time_point> Unit::deadline() const {
    if (started_.empty()) return {};
    return started_.front() + std::chrono::nanoseconds(shared_.page().run_deadline);
}

void Unit::check_deadline(Clock::time_point now) const {
    const auto due = deadline();
    if (!due || now < *due) return;
    throw CardLost(fmt::format("{}: a run has not ended within {} ms: the card is lost", name_,
                               shared_.page().run_deadline / 1'000'000));
}

}  // namespace causeway::card
