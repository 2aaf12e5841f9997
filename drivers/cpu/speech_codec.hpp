// Speech coding by coding, over the codecs of hls/codec: payloads to samples, samples between 8 and 16 kHz,
// samples to payloads. Each goes on from packet to packet where it has memory (G.722, G.726, the filters).
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "hls/codec/g722.hpp"
#include "hls/codec/g726.hpp"
#include "hls/codec/resample.hpp"
#include "host/base/bytes.hpp"
#include "host/media/speech.hpp"

namespace causeway::cpu {

using Samples = std::vector<std::int16_t>;

// Of the samples that a coding is made of, in Hz: 16000 for G.722, whatever its RTP clock says.
std::uint32_t sample_rate(media::Speech speech);

// What a payload lasts, in units of the coding's RTP clock; nothing where it is no whole number of samples.
// Behind the last code of G.726 there may be bits to spare.
std::optional<std::size_t> duration(media::Speech speech, std::size_t octets);

class SpeechDecoder {
  public:
    explicit SpeechDecoder(media::Speech speech) : speech_(speech) {}
    media::Speech speech() const { return speech_; }
    // Appends the samples. The payload is one that has a duration().
    void run(ByteView payload, Samples& out);

  private:
    media::Speech speech_;
    hls::G722Decoder g722_{};
    hls::G726 g726_{};
};

class SpeechEncoder {
  public:
    explicit SpeechEncoder(media::Speech speech) : speech_(speech) {}
    media::Speech speech() const { return speech_; }
    // Appends a payload. G.722 takes samples by twos, G.726 fills its last octet with zeros.
    void run(std::span<const std::int16_t> samples, Bytes& out);

  private:
    media::Speech speech_;
    hls::G722Encoder g722_{};
    hls::G726 g726_{};
};

// From one rate to the other, or not at all where they are the same.
class Resampler {
  public:
    Resampler(std::uint32_t from, std::uint32_t to) : from_(from), to_(to) {}
    // Appends what `in` is at the other rate. On the way down samples come by twos.
    void run(std::span<const std::int16_t> in, Samples& out);

  private:
    std::uint32_t from_, to_;
    hls::Upsampler up_{};
    hls::Downsampler down_{};
};

}  // namespace causeway::cpu
