// Random bytes as a parameter: tags, branches, keys, SSRCs. The daemon passes SystemRandom, tests and the
// world pass SeededRandom, so that a run can be repeated from its seed.
#pragma once

#include <cstdint>
#include <span>
#include <string>

namespace causeway {

class Random {
  public:
    virtual ~Random() = default;
    virtual void fill(std::span<std::uint8_t> out) = 0;

    std::uint32_t u32();
    // Uniform in [0, bound); bound > 0.
    std::uint32_t below(std::uint32_t bound);
    // `bytes` random bytes as lower-case hex: unguessable in SIP tokens (RFC 3261 19.3 asks for 32 bits at
    // least).
    std::string token(std::size_t bytes);
};

// The operating system's generator, through OpenSSL. For keys in production.
class SystemRandom final : public Random {
  public:
    void fill(std::span<std::uint8_t> out) override;
};

// Deterministic xoshiro256** stream. Never for keys in production.
class SeededRandom final : public Random {
  public:
    explicit SeededRandom(std::uint64_t seed);
    void fill(std::span<std::uint8_t> out) override;
    std::uint64_t next();

  private:
    std::uint64_t s_[4];
};

}  // namespace causeway
