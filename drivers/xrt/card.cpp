#include "drivers/xrt/card.hpp"

#include <fmt/format.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>

namespace causeway::card {
namespace {

constexpr Duration look_interval = std::chrono::milliseconds(100);

std::string milliseconds(Duration duration) {
    return fmt::format("{} ms", to_ms(duration));
}

}  // namespace

std::string default_program() {
    std::error_code error;
    const auto beside =
        std::filesystem::read_symlink("/proc/self/exe", error).parent_path() / "causeway-card-engine";
    if (!error && std::filesystem::exists(beside)) return beside;
    return CAUSEWAY_CARD_ENGINE;
}

Result<std::unique_ptr<Card>> Card::start(const CardOptions& given, Time now) {
    CardOptions options = given;
    constexpr std::uint32_t memory_page = 4096;
    options.slot_size = (options.slot_size + memory_page - 1) / memory_page * memory_page;
    if (options.run_deadline == Duration{}) {
        const auto emulated = is_emulated(options.xclbin);
        if (!emulated) return tl::make_unexpected(emulated.error());
        options.run_deadline = std::chrono::seconds(*emulated ? 30 : 2);
    }
    if (options.program.empty()) options.program = default_program();
    if (options.slots < 2 || options.slots > most_slots || options.packets < 1 ||
        options.packets > most_descriptors ||
        options.slot_size < (options.packets + 2) * 2 * sizeof(Descriptor)) {
        return fail("card: slots, packets or slot_size are out of range");
    }
    const int memory = memfd_create(shared_memory_name, MFD_CLOEXEC);
    const std::size_t size = Shared::size_for(options.slots, options.slot_size);
    if (memory < 0 || ftruncate(memory, static_cast<off_t>(size)) != 0) {
        const int code = errno;
        if (memory >= 0) close(memory);
        return fail(fmt::format("card: shared memory of {} octets: {}", size, std::strerror(code)));
    }
    Shared shared(memory, size, true);
    if (!shared.valid()) {
        close(memory);
        return fail(fmt::format("card: shared memory of {} octets cannot be mapped", size));
    }
    SharedPage& page = *new (&shared.page()) SharedPage;
    page.slots = options.slots;
    page.slot_size = options.slot_size;
    page.epoch = options.epoch;
    page.sessions = options.sessions;
    page.run_deadline = static_cast<std::uint64_t>(options.run_deadline.count());
    auto process = CardProcess::start({options.program, options.device, options.xclbin, memory});
    close(memory);
    if (!process) return tl::make_unexpected(process.error());
    return std::unique_ptr<Card>(new Card(options, std::move(shared), std::move(*process), now));
}

Card::Card(const CardOptions& options, Shared shared, CardProcess process, Time now)
    : options_(options),
      shared_(std::move(shared)),
      process_(std::move(process)),
      started_(now),
      heard_(now),
      next_look_(now + look_interval) {}

bool Card::submit(unsigned unit, const Descriptor& descriptor, ByteView packet, Time now) {
    if (unit >= units() || packet.size() > 0xffff) return false;
    Unit& to = units_[unit];
    for (int attempt = 0; attempt < 2; ++attempt) {
        if (!to.gathering) {
            if (slot_state(unit, to.fill).load(std::memory_order_acquire) != SlotState::empty) return false;
            to.gathering =
                Gathering{Assembly(slot(unit, to.fill), options_.packets), now + options_.batch_deadline};
            next_look_ = std::min(next_look_, to.gathering->deadline);
        }
        if (to.gathering->assembly.add(descriptor, packet)) {
            if (to.gathering->assembly.full()) hand_over(unit);
            return true;
        }
        if (to.gathering->assembly.count() == 0) return false;  // longer than a slot
        hand_over(unit);
    }
    return false;
}

void Card::hand_over(unsigned unit) {
    Unit& to = units_[unit];
    to.gathering->assembly.close(options_.epoch, ++batch_);
    to.gathering.reset();
    slot_state(unit, to.fill).store(SlotState::filled, std::memory_order_release);
    to.fill = (to.fill + 1) % options_.slots;
    // A full socket means that the process has been told already; one that has ended shows in poll().
    send(process_.socket(), "", 1, MSG_NOSIGNAL | MSG_DONTWAIT);
}

void Card::flush() {
    for (unsigned unit = 0; unit < units(); ++unit) {
        if (units_[unit].gathering) hand_over(unit);
    }
}

void Card::drain(unsigned unit, const Completed& completed) {
    Unit& from = units_[unit];
    while (state_ != State::lost &&
           slot_state(unit, from.drain).load(std::memory_order_acquire) == SlotState::done) {
        if (!take_apart(slot(unit, from.drain), completed)) {
            return lose("a completion names what is not in its batch");
        }
        slot_state(unit, from.drain).store(SlotState::empty, std::memory_order_release);
        from.drain = (from.drain + 1) % options_.slots;
    }
}

void Card::lose(std::string why) {
    state_ = State::lost;
    why_ = std::move(why);
    process_.kill();
    if (const std::string said = process_.last_words(); !said.empty())
        why_ += fmt::format(" (it said last: {})", said);
    process_.remove_folder();
    for (Unit& unit : units_) unit.gathering.reset();
}

void Card::look_at_process(Time now) {
    char ignored[256];
    ssize_t got = 0;
    while ((got = read(process_.socket(), ignored, sizeof ignored)) > 0) {
    }
    const bool ended = got == 0 || (errno != EAGAIN && errno != EINTR);
    const ProcessState there = page().state.load(std::memory_order_acquire);
    if (there == ProcessState::failed) {
        page().failure[sizeof page().failure - 1] = '\0';
        return lose(page().failure);
    }
    if (ended) {
        process_.kill();
        return lose(fmt::format("the card's process {}", process_.end()));
    }
    if (state_ == State::starting && there == ProcessState::ready) {
        if (page().facts.units < 1 || page().facts.units > most_units)
            return lose("the card has no compute units");
        state_ = State::ready;
    }
    const std::uint64_t heartbeat = page().heartbeat.load(std::memory_order_relaxed);
    if (heartbeat != heartbeat_) {
        heartbeat_ = heartbeat;
        heard_ = now;
    }
    if (state_ == State::starting && now - started_ > options_.start_deadline) {
        return lose(fmt::format("the card did not open within {}", milliseconds(options_.start_deadline)));
    }
    if (state_ == State::ready && now - heard_ > options_.silence) {
        return lose(
            fmt::format("the card's process hangs: nothing heard of it for {}", milliseconds(now - heard_)));
    }
}

void Card::poll(Time now, const Completed& completed) {
    if (state_ == State::lost) return;
    for (unsigned unit = 0; unit < units(); ++unit) drain(unit, completed);
    if (state_ != State::lost) look_at_process(now);
    next_look_ = now + look_interval;
    for (unsigned unit = 0; unit < units(); ++unit) {
        auto& gathering = units_[unit].gathering;
        if (gathering && gathering->deadline <= now) hand_over(unit);
        if (gathering) next_look_ = std::min(next_look_, gathering->deadline);
    }
}

}  // namespace causeway::card
