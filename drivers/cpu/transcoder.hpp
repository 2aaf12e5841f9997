// Speech of one coding turned into another, payload by payload, over the codecs of hls/codec. One for each
// path: the codings with memory (G.722, G.726) and the resampler go on from packet to packet.
#pragma once

#include <cstdint>
#include <memory>

#include "host/base/bytes.hpp"
#include "host/media/speech.hpp"

namespace causeway::cpu {

class Transcoder {
  public:
    Transcoder(media::Speech from, media::Speech to);
    ~Transcoder();
    Transcoder(Transcoder&&) noexcept;
    Transcoder& operator=(Transcoder&&) noexcept;

    // Appends what `payload` is in the other coding: as many milliseconds. False, and nothing appended, where
    // it is no whole number of samples, empty, or longer than max_samples.
    bool run(ByteView payload, Bytes& out);
    static constexpr std::size_t max_samples = 960;  // of 8 kHz: 120 ms

  private:
    struct Memory;
    std::unique_ptr<Memory> memory_;
};

}  // namespace causeway::cpu
