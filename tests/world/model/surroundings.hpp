// What a phone of the world can do to what is around it, and chance that repeats with the seed.
#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "host/base/bytes.hpp"
#include "host/base/ip.hpp"
#include "host/base/random.hpp"
#include "host/base/time.hpp"

namespace causeway::world {

using Millis = std::chrono::milliseconds;
using Seconds = std::chrono::seconds;

// Everything that is left to chance in a run comes from one of these.
class Dice final : public Random {
  public:
    explicit Dice(std::uint64_t seed) : random_(seed) {}
    void fill(std::span<std::uint8_t> out) override { random_.fill(out); }
    bool chance(unsigned percent) { return below(100) < percent; }
    unsigned between(unsigned low, unsigned high) { return low + below(high - low + 1); }
    Duration between(Duration low, Duration high) {
        return low + Millis(below(static_cast<std::uint32_t>(to_ms(high - low)) + 1));
    }
    template <class Container>
    const auto& one_of(const Container& all) {
        return all[below(static_cast<std::uint32_t>(all.size()))];
    }

  private:
    SeededRandom random_;
};

class Surroundings {
  public:
    virtual ~Surroundings() = default;
    virtual Time now() const = 0;
    virtual void later(Duration delay, std::function<void()> action) = 0;
    // False where the transport refuses at once.
    virtual bool send_sip(const Endpoint& from, const Endpoint& to, std::string_view message) = 0;
    virtual void send_media(const Endpoint& from, const Endpoint& to, ByteView bytes) = 0;
    // An invariant is broken.
    virtual void problem(std::string what) = 0;
};

}  // namespace causeway::world
