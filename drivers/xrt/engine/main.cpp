// causeway-card-engine: the process in which XRT lives, started by causeway_card (drivers/xrt/process.hpp)
// with shared memory and a socket. One thread makes all XRT calls; another watches the socket, so that this
// process ends with its user also when XRT hangs. What goes wrong is written into the shared page for the
// user to read.
#include <experimental/xrt_system.h>
#include <experimental/xrt_xclbin.h>
#include <fmt/format.h>
#include <linux/close_range.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <filesystem>
#include <iostream>
#include <thread>

#include "drivers/xrt/engine/unit.hpp"

namespace {

using namespace causeway::card;

void tell_user() {
    send(peer_fd, "", 1, MSG_NOSIGNAL | MSG_DONTWAIT);
}

constexpr auto time_to_close = std::chrono::milliseconds(800);

// When the user has ended, nobody else may be left to remove the run folder. This process is given time to
// close the card, and then ends with all its children.
void watch_user(std::string folder) {
    pollfd waiting{peer_fd, POLLRDHUP, 0};
    while (poll(&waiting, 1, -1) <= 0 || (waiting.revents & (POLLRDHUP | POLLHUP | POLLERR)) == 0) {
    }
    std::error_code ignored;
    std::filesystem::remove_all(folder, ignored);
    std::this_thread::sleep_for(time_to_close);
    std::filesystem::remove_all(folder, ignored);  // what XRT has written since
    kill(0, SIGKILL);
}

bool emulated() {
    return std::getenv("XCL_EMULATION_MODE") != nullptr;
}

bool is_index(const std::string& device) {
    return !device.empty() && device.size() < 4 && device.find_first_not_of("0123456789") == device.npos;
}

xrt::device open_device(const std::string& device) {
    const unsigned there = emulated() ? 1 : xrt::system::enumerate_devices();  // which is 0 in hw_emu
    if (is_index(device) && std::stoul(device) >= there) {
        throw CardLost(fmt::format("there is no card {}: XRT finds {}", device,
                                   there == 0 ? "none" : std::to_string(there)));
    }
    try {
        return is_index(device) ? xrt::device(static_cast<unsigned>(std::stoul(device)))
                                : xrt::device(device);
    } catch (const std::exception& error) {
        throw CardLost(fmt::format("card {} cannot be opened; XRT says: {}", device, error.what()));
    }
}

class Engine {
  public:
    explicit Engine(const Shared& shared) : shared_(shared), wake_(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {}

    // Throws CardLost, and what XRT throws.
    void open(const std::string& device, const std::string& xclbin) {
        device_ = open_device(device);
        const xrt::uuid uuid = load(xclbin);
        Facts& facts = shared_.page().facts;
        set_text(facts.xclbin, xclbin);
        set_text(facts.uuid, uuid.to_string());
        describe(facts);
        facts.units = static_cast<std::uint32_t>(units_.size());
        for (auto& unit : units_) unit->probe();
    }

    // Serves until the user has gone. Throws CardLost.
    void serve() {
        shared_.page().heartbeat.fetch_add(1, std::memory_order_relaxed);
        shared_.page().state.store(ProcessState::ready, std::memory_order_release);
        tell_user();
        while (look()) {
            shared_.page().heartbeat.fetch_add(1, std::memory_order_relaxed);
            bool given_back = false;
            for (auto& unit : units_) given_back = unit->work() || given_back;
            if (given_back) tell_user();
            const auto now = Clock::now();
            for (auto& unit : units_) unit->check_deadline(now);
        }
    }

    // Waits for what runs: XRT does not survive being closed under it. No key stays on the card. False where
    // it does not end in time.
    bool finish() const {
        const auto until = Clock::now() + time_to_close;
        const auto busy = [&] {
            return std::any_of(units_.begin(), units_.end(), [](const auto& unit) { return unit->busy(); });
        };
        while (busy() && Clock::now() < until) std::this_thread::sleep_for(std::chrono::milliseconds(1));
        if (busy()) return false;
        for (const auto& unit : units_) unit->zero_contexts();
        return true;
    }

  private:
    xrt::uuid load(const std::string& xclbin) {
        const xrt::xclbin file(xclbin);
        const auto uuid = device_.load_xclbin(file);
        const auto kernel = file.get_kernel("media");
        if (!kernel) throw CardLost(fmt::format("{}: has no kernel \"media\"", xclbin));
        for (const auto& unit : kernel.get_cus()) {
            if (units_.size() == most_units) break;
            // "media:media_1"
            const std::string name = unit.get_name().substr(unit.get_name().find(':') + 1);
            units_.push_back(std::make_unique<Unit>(device_, uuid, name, static_cast<unsigned>(units_.size()),
                                                    shared_, wake_));
        }
        return uuid;
    }
    // Not every driver knows all of this.
    void describe(Facts& facts) const {
        facts.emulated = emulated() ? 1 : 0;
        const auto attempt = [](auto read) {
            try {
                read();
            } catch (const std::exception&) {
            }
        };
        attempt([&] { set_text(facts.device, device_.get_info<xrt::info::device::name>()); });
        attempt([&] { set_text(facts.bdf, device_.get_info<xrt::info::device::bdf>()); });
        if (facts.emulated == 0) {
            attempt([&] {
                facts.clock_mhz = static_cast<std::uint32_t>(
                    device_.get_info<xrt::info::device::max_clock_frequency_mhz>());
            });
        }
    }
    // Waits for the user, the card, a deadline or the next heartbeat. False when the user has gone.
    bool look() const {
        auto until = Clock::now() + std::chrono::milliseconds(50);
        for (const auto& unit : units_) {
            if (const auto due = unit->deadline(); due) until = std::min(until, *due);
        }
        const auto wait = std::chrono::ceil<std::chrono::milliseconds>(until - Clock::now()).count();
        pollfd waiting[] = {{peer_fd, POLLIN, 0}, {wake_, POLLIN, 0}};
        poll(waiting, 2, static_cast<int>(std::max<std::int64_t>(wait, 0)));
        std::uint64_t ignored = 0;
        (void)!read(wake_, &ignored, sizeof ignored);
        char octets[256];
        ssize_t got = 0;
        while ((got = read(peer_fd, octets, sizeof octets)) > 0) {
        }
        return got != 0;
    }

    const Shared& shared_;
    int wake_;
    xrt::device device_;
    std::vector<std::unique_ptr<Unit>> units_;
};

int fail(const Shared& shared, const std::string& why) {
    set_text(shared.page().failure, why);
    shared.page().state.store(ProcessState::failed, std::memory_order_release);
    tell_user();
    return 1;
}

int run(const Shared& shared, const std::string& device, const std::string& xclbin) {
    auto* engine = new Engine(shared);
    try {
        engine->open(device, xclbin);
        engine->serve();
        if (engine->finish()) delete engine;
        return 0;
        // Of a lost card nothing is destroyed: XRT might wait for it.
    } catch (const CardLost& lost) {
        return fail(shared, lost.what());
    } catch (const std::exception& error) {
        return fail(shared, fmt::format("XRT: {}", error.what()));
    }
}

}  // namespace

int main(int argc, char** argv) {
    struct stat status {};
    if (argc != 4 || fstat(shared_memory_fd, &status) != 0 || !S_ISREG(status.st_mode)) {
        std::cerr << "causeway-card-engine is started by causeway and causeway-card only\n";
        return 2;
    }
    close_range(peer_fd + 1, ~0u, 0);
    const Shared shared(shared_memory_fd, static_cast<std::size_t>(status.st_size), true);
    if (!shared.valid() || shared.page().version != SharedPage::right_version) {
        std::cerr << "causeway-card-engine: the shared memory is not that of this version\n";
        return 2;
    }
    std::thread(watch_user, argv[3]).detach();
    const int exit_status = run(shared, argv[1], argv[2]);
    std::error_code ignored;
    if (exit_status == 0) std::filesystem::remove_all(argv[3], ignored);
    std::fflush(nullptr);
    _exit(exit_status);
}
