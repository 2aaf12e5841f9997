#include "hls/codec/g726.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>

#include "hls/codec/g711.hpp"
#include "tests/hls/codec/sequences.hpp"

namespace causeway::hls {
namespace {

// One law of G.711, with its codes in the order of their values.
struct Law {
    char name;
    std::uint8_t (*encode)(std::int16_t);
    std::int16_t (*decode)(std::uint8_t);
    std::vector<std::uint8_t> rising;
};
Law law(char name) {
    Law out{name, mulaw_encode, mulaw_decode, {}};
    if (name == 'a') out = {name, alaw_encode, alaw_decode, {}};
    for (int code = 0; code < 256; ++code) out.rising.push_back(static_cast<std::uint8_t>(code));
    std::stable_sort(out.rising.begin(), out.rising.end(),
                     [&](std::uint8_t x, std::uint8_t y) { return out.decode(x) < out.decode(y); });
    return out;
}

// COMPRESS (clause 4.2.8) of 14 bits. By mu-law it takes the magnitude of two's complement, where our G.711
// quantises both signs alike.
std::uint8_t compress(const Law& l, int sr) {
    if (sr == -32768) return l.encode(0) & 0x7F;  // its magnitude of 15 bits is 0
    const int sample = std::clamp(4 * sr, -32767, 32767);
    if (l.name == 'a' || sample >= 0) return l.encode(static_cast<std::int16_t>(sample));
    return l.encode(static_cast<std::int16_t>(-sample)) & 0x7F;
}

// What a decoder's output is in G.711: the synchronous coding adjustment (clause 4.2.8) moves it by one code
// where it would otherwise be coded differently by an encoder that is in step.
std::uint8_t decode_to(const Law& l, G726& s, G726Rate rate, std::uint8_t code) {
    const auto& r = g726::rates[static_cast<int>(rate)];
    const auto e = g726::estimate(s);
    const std::uint8_t plain = compress(l, g726::adapt(s, r, code, e));
    const int again = g726::quantize(r, (l.decode(plain) >> 2) - e.se, e.y);
    const int sign = 1 << (r.bits - 1);
    if (again == code) return plain;
    const int step = (again ^ sign) > (code ^ sign) ? -1 : 1;
    auto at = std::find(l.rising.begin(), l.rising.end(), plain) - l.rising.begin();
    do at += step;
    while (at >= 0 && at < 256 && l.decode(l.rising[static_cast<std::size_t>(at)]) == l.decode(plain));
    return at < 0 || at > 255 ? plain : l.rising[static_cast<std::size_t>(at)];
}

struct Rate {
    G726Rate rate;
    std::string name;
};
const Rate all_rates[] = {{G726Rate::kbit_16, "16"},
                          {G726Rate::kbit_24, "24"},
                          {G726Rate::kbit_32, "32"},
                          {G726Rate::kbit_40, "40"}};

// Appendix II, from the reset state: normal input and overload, both laws.
TEST(G726, ItuSequences) {
    if (itu_words("g726/nrm.a").empty())
        GTEST_SKIP() << "needs the published vectors: CAUSEWAY_MATERIAL/itu/g726";
    for (const auto& [rate, name] : all_rates) {
        for (const char which : {'a', 'm'}) {
            const Law l = law(which), other = law(which == 'a' ? 'm' : 'a');
            for (const std::string kind : {"n", "v"}) {
                const std::string file = "g726/r" + kind + name + "f" + which;
                const auto input = itu_words(std::string("g726/") + (kind == "n" ? "nrm." : "ovr.") + which);
                const auto codes = itu_words(file + ".i"), output = itu_words(file + ".o");
                const auto crossed = itu_words("g726/r" + kind + name + (which == 'a' ? "fx.o" : "fc.o"));
                ASSERT_EQ(codes.size(), input.size()) << file;
                ASSERT_EQ(output.size(), input.size()) << file;
                ASSERT_EQ(crossed.size(), input.size()) << file;
                G726 encoder, decoder, crossing;
                for (std::size_t i = 0; i < codes.size(); ++i) {
                    const auto code = static_cast<std::uint8_t>(codes[i]);
                    ASSERT_EQ(g726_encode(encoder, rate, l.decode(static_cast<std::uint8_t>(input[i]))), code)
                        << file << " code " << i;
                    ASSERT_EQ(decode_to(l, decoder, rate, code), output[i]) << file << " output " << i;
                    ASSERT_EQ(decode_to(other, crossing, rate, code), crossed[i]) << file << " crossed " << i;
                }
            }
            const auto codes = itu_words("g726/i" + name),
                       output = itu_words("g726/ri" + name + "f" + which + ".o");
            ASSERT_EQ(output.size(), codes.size());
            G726 decoder;
            for (std::size_t i = 0; i < codes.size(); ++i) {
                ASSERT_EQ(decode_to(l, decoder, rate, static_cast<std::uint8_t>(codes[i])), output[i])
                    << "i" << name << which << " " << i;
            }
        }
    }
}

}  // namespace
}  // namespace causeway::hls
