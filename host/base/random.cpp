#include "host/base/random.hpp"

#include <openssl/rand.h>

#include <bit>
#include <cstdlib>

#include "host/base/text.hpp"

namespace causeway {

std::uint32_t Random::u32() {
    std::uint8_t b[4];
    fill(b);
    return (std::uint32_t{b[0]} << 24) | (std::uint32_t{b[1]} << 16) | (std::uint32_t{b[2]} << 8) | b[3];
}

std::uint32_t Random::below(std::uint32_t bound) {
    return static_cast<std::uint32_t>((std::uint64_t{u32()} * bound) >> 32);
}

std::string Random::token(std::size_t bytes) {
    std::string raw(bytes, '\0');
    fill({reinterpret_cast<std::uint8_t*>(raw.data()), raw.size()});
    return to_hex({reinterpret_cast<const std::uint8_t*>(raw.data()), raw.size()});
}

void SystemRandom::fill(std::span<std::uint8_t> out) {
    // Without entropy there is no safe way on: keys and tags would be guessable.
    if (RAND_bytes(out.data(), static_cast<int>(out.size())) != 1) std::abort();
}

SeededRandom::SeededRandom(std::uint64_t seed) {
    for (auto& s : s_) {  // splitmix64 spreads the seed over the state
        seed += 0x9e3779b97f4a7c15U;
        std::uint64_t z = seed;
        z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9U;
        z = (z ^ (z >> 27)) * 0x94d049bb133111ebU;
        s = z ^ (z >> 31);
    }
}

std::uint64_t SeededRandom::next() {
    const std::uint64_t result = std::rotl(s_[1] * 5, 7) * 9;
    const std::uint64_t t = s_[1] << 17;
    s_[2] ^= s_[0];
    s_[3] ^= s_[1];
    s_[1] ^= s_[2];
    s_[0] ^= s_[3];
    s_[2] ^= t;
    s_[3] = std::rotl(s_[3], 45);
    return result;
}

void SeededRandom::fill(std::span<std::uint8_t> out) {
    std::uint64_t word = 0;
    for (std::size_t i = 0; i < out.size(); ++i) {
        if (i % 8 == 0) word = next();
        out[i] = static_cast<std::uint8_t>(word >> (8 * (i % 8)));
    }
}

}  // namespace causeway
