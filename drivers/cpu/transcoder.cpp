#include "drivers/cpu/transcoder.hpp"

#include <array>
#include <optional>
#include <span>

#include "hls/codec/g711.hpp"
#include "hls/codec/g722.hpp"
#include "hls/codec/g726.hpp"
#include "hls/codec/resample.hpp"

namespace causeway::cpu {
namespace {

using media::Speech;

constexpr std::size_t max_wide = 2 * Transcoder::max_samples;  // samples of 16 kHz

// What is peculiar to the eight kinds of G.726.
struct Adpcm {
    hls::G726Rate rate;
    unsigned bits;
    bool high_end_first;
};
std::optional<Adpcm> adpcm(Speech speech) {
    using R = hls::G726Rate;
    switch (speech) {
        case Speech::g726_16:
            return Adpcm{R::kbit_16, 2, false};
        case Speech::g726_24:
            return Adpcm{R::kbit_24, 3, false};
        case Speech::g726_32:
            return Adpcm{R::kbit_32, 4, false};
        case Speech::g726_40:
            return Adpcm{R::kbit_40, 5, false};
        case Speech::aal2_g726_16:
            return Adpcm{R::kbit_16, 2, true};
        case Speech::aal2_g726_24:
            return Adpcm{R::kbit_24, 3, true};
        case Speech::aal2_g726_32:
            return Adpcm{R::kbit_32, 4, true};
        case Speech::aal2_g726_40:
            return Adpcm{R::kbit_40, 5, true};
        default:
            return std::nullopt;
    }
}

// Samples that so many octets of a payload are, at 8 kHz; nothing where it is no whole number of them. Behind
// the last code of G.726 there may be bits to spare.
std::optional<std::size_t> samples_of(Speech speech, std::size_t octets) {
    if (const auto a = adpcm(speech)) return 8 * octets / a->bits;
    if (speech != Speech::l16) return octets;  // G.722: two samples of 16 kHz an octet
    if (octets % 2 != 0) return std::nullopt;
    return octets / 2;
}

}  // namespace

struct Transcoder::Memory {
    Speech from, to;
    hls::G722Decoder g722_in{};
    hls::G722Encoder g722_out{};
    hls::G726 g726_in{}, g726_out{};
    hls::Upsampler up{};
    hls::Downsampler down{};

    std::array<std::int16_t, max_wide> samples{};

    // Into `samples`, at the coding's own rate; how many they are.
    std::size_t decode(ByteView in) {
        std::size_t n = 0;
        switch (from) {
            case Speech::pcmu:
                for (const auto c : in) samples[n++] = hls::mulaw_decode(c);
                return n;
            case Speech::pcma:
                for (const auto c : in) samples[n++] = hls::alaw_decode(c);
                return n;
            case Speech::g722:
                for (const auto c : in) {
                    hls::g722_decode(g722_in, c, samples[n], samples[n + 1]);
                    n += 2;
                }
                return n;
            case Speech::l16:
                for (std::size_t i = 0; i < in.size(); i += 2) {
                    samples[n++] = static_cast<std::int16_t>(load_be16(&in[i]));
                }
                return n;
            default:
                return unpack(*adpcm(from), in);
        }
    }

    std::size_t unpack(const Adpcm& a, ByteView in) {
        std::size_t n = 0;
        unsigned bits = 0, held = 0;
        for (const auto octet : in) {
            held = a.high_end_first ? held << 8 | octet : held | unsigned{octet} << bits;
            for (bits += 8; bits >= a.bits; bits -= a.bits) {
                const unsigned code = a.high_end_first ? held >> (bits - a.bits) : held;
                samples[n++] =
                    hls::g726_decode(g726_in, a.rate, static_cast<std::uint8_t>(code & ((1U << a.bits) - 1)));
                if (!a.high_end_first) held >>= a.bits;
            }
        }
        return n;
    }

    // Between 8 and 16 kHz where the codings differ in that; how many samples they are then.
    std::size_t resample(std::size_t n) {
        if (from == Speech::g722 && to != Speech::g722) {
            for (std::size_t i = 0; i < n / 2; ++i) {
                samples[i] = hls::downsample(down, samples[2 * i], samples[2 * i + 1]);
            }
            return n / 2;
        }
        if (from != Speech::g722 && to == Speech::g722) {
            for (std::size_t i = n; i > 0; --i) samples[n + i - 1] = samples[i - 1];
            for (std::size_t i = 0; i < n; ++i) {
                hls::upsample(up, samples[n + i], samples[2 * i], samples[2 * i + 1]);
            }
            return 2 * n;
        }
        return n;
    }

    void encode(std::span<const std::int16_t> in, Bytes& out) {
        switch (to) {
            case Speech::pcmu:
                for (const auto s : in) out.push_back(hls::mulaw_encode(s));
                return;
            case Speech::pcma:
                for (const auto s : in) out.push_back(hls::alaw_encode(s));
                return;
            case Speech::g722:
                for (std::size_t i = 0; i + 1 < in.size(); i += 2) {
                    out.push_back(hls::g722_encode(g722_out, in[i], in[i + 1]));
                }
                return;
            case Speech::l16:
                for (const auto s : in) {
                    const auto word = static_cast<std::uint16_t>(s);
                    out.push_back(static_cast<std::uint8_t>(word >> 8));
                    out.push_back(static_cast<std::uint8_t>(word));
                }
                return;
            default:
                pack(*adpcm(to), in, out);
        }
    }

    void pack(const Adpcm& a, std::span<const std::int16_t> in, Bytes& out) {
        unsigned bits = 0, held = 0;
        for (const auto s : in) {
            const unsigned code = hls::g726_encode(g726_out, a.rate, s);
            held = a.high_end_first ? held << a.bits | code : held | code << bits;
            for (bits += a.bits; bits >= 8; bits -= 8) {
                out.push_back(static_cast<std::uint8_t>(a.high_end_first ? held >> (bits - 8) : held));
                if (!a.high_end_first) held >>= 8;
            }
        }
        // The last octet, where the samples do not fill it, ends with zeros.
        if (bits > 0) out.push_back(static_cast<std::uint8_t>(a.high_end_first ? held << (8 - bits) : held));
    }
};

Transcoder::Transcoder(Speech from, Speech to) : memory_(std::make_unique<Memory>(Memory{from, to})) {}
Transcoder::~Transcoder() = default;
Transcoder::Transcoder(Transcoder&&) noexcept = default;
Transcoder& Transcoder::operator=(Transcoder&&) noexcept = default;

bool Transcoder::run(ByteView payload, Bytes& out) {
    const auto samples = samples_of(memory_->from, payload.size());
    if (!samples || *samples == 0 || *samples > max_samples) return false;
    const std::size_t n = memory_->resample(memory_->decode(payload));
    memory_->encode(std::span(memory_->samples).first(n), out);
    return true;
}

}  // namespace causeway::cpu
