#include "drivers/cpu/speech_codec.hpp"

#include <algorithm>

#include "hls/codec/g711.hpp"

namespace causeway::cpu {
namespace {

using media::Speech;

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

void unpack(hls::G726& state, const Adpcm& a, ByteView in, Samples& out) {
    unsigned bits = 0, held = 0;
    for (const auto octet : in) {
        held = a.high_end_first ? held << 8 | octet : held | unsigned{octet} << bits;
        for (bits += 8; bits >= a.bits; bits -= a.bits) {
            const unsigned code = a.high_end_first ? held >> (bits - a.bits) : held;
            out.push_back(
                hls::g726_decode(state, a.rate, static_cast<std::uint8_t>(code & ((1U << a.bits) - 1))));
            if (!a.high_end_first) held >>= a.bits;
        }
    }
}

void pack(hls::G726& state, const Adpcm& a, std::span<const std::int16_t> in, Bytes& out) {
    unsigned bits = 0, held = 0;
    for (const auto s : in) {
        const unsigned code = hls::g726_encode(state, a.rate, s);
        held = a.high_end_first ? held << a.bits | code : held | code << bits;
        for (bits += a.bits; bits >= 8; bits -= 8) {
            out.push_back(static_cast<std::uint8_t>(a.high_end_first ? held >> (bits - 8) : held));
            if (!a.high_end_first) held >>= 8;
        }
    }
    if (bits > 0) out.push_back(static_cast<std::uint8_t>(a.high_end_first ? held << (8 - bits) : held));
}

template <class In, class Out, class Code>
void append(const In& in, Out& out, Code code) {
    const std::size_t before = out.size();
    out.resize(before + in.size());
    std::transform(in.begin(), in.end(), out.begin() + static_cast<std::ptrdiff_t>(before), code);
}

}  // namespace

std::uint32_t sample_rate(Speech speech) {
    return speech == Speech::g722 || speech == Speech::l16_16k ? 16000 : 8000;
}

std::optional<std::size_t> duration(Speech speech, std::size_t octets) {
    if (const auto a = adpcm(speech)) return 8 * octets / a->bits;
    if (speech != Speech::l16 && speech != Speech::l16_16k) return octets;
    if (octets % 2 != 0) return std::nullopt;
    return octets / 2;
}

void SpeechDecoder::run(ByteView in, Samples& out) {
    switch (speech_) {
        case Speech::pcmu:
            return append(in, out, hls::mulaw_decode);
        case Speech::pcma:
            return append(in, out, hls::alaw_decode);
        case Speech::g722:
            for (const auto c : in) {
                std::int16_t first = 0, second = 0;
                hls::g722_decode(g722_, c, first, second);
                out.insert(out.end(), {first, second});
            }
            return;
        case Speech::l16:
        case Speech::l16_16k:
            for (std::size_t i = 0; i < in.size(); i += 2) {
                out.push_back(static_cast<std::int16_t>(load_be16(&in[i])));
            }
            return;
        default:
            unpack(g726_, *adpcm(speech_), in, out);
    }
}

void SpeechEncoder::run(std::span<const std::int16_t> in, Bytes& out) {
    switch (speech_) {
        case Speech::pcmu:
            return append(in, out, hls::mulaw_encode);
        case Speech::pcma:
            return append(in, out, hls::alaw_encode);
        case Speech::g722:
            for (std::size_t i = 0; i + 1 < in.size(); i += 2) {
                out.push_back(hls::g722_encode(g722_, in[i], in[i + 1]));
            }
            return;
        case Speech::l16:
        case Speech::l16_16k:
            for (const auto s : in) {
                const auto word = static_cast<std::uint16_t>(s);
                out.push_back(static_cast<std::uint8_t>(word >> 8));
                out.push_back(static_cast<std::uint8_t>(word));
            }
            return;
        default:
            pack(g726_, *adpcm(speech_), in, out);
    }
}

void Resampler::run(std::span<const std::int16_t> in, Samples& out) {
    if (from_ == to_) {
        out.insert(out.end(), in.begin(), in.end());
    } else if (from_ < to_) {
        for (const auto s : in) {
            std::int16_t first = 0, second = 0;
            hls::upsample(up_, s, first, second);
            out.insert(out.end(), {first, second});
        }
    } else {
        for (std::size_t i = 0; i + 1 < in.size(); i += 2) {
            out.push_back(hls::downsample(down_, in[i], in[i + 1]));
        }
    }
}

}  // namespace causeway::cpu
