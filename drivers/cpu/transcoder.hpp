// Speech of one coding turned into another, payload by payload. One for each path: what has memory goes on
// from packet to packet.
#pragma once

#include "drivers/cpu/speech_codec.hpp"

namespace causeway::cpu {

class Transcoder {
  public:
    Transcoder(media::Speech from, media::Speech to)
        : decoder_(from), resampler_(sample_rate(from), sample_rate(to)), encoder_(to) {}

    // Appends what `payload` is in the other coding: as many milliseconds. False, and nothing appended, where
    // it is no whole number of samples, empty, or longer than max_ms.
    bool run(ByteView payload, Bytes& out);
    static constexpr std::size_t max_ms = 120;

  private:
    SpeechDecoder decoder_;
    Resampler resampler_;
    SpeechEncoder encoder_;
    Samples decoded_, resampled_;  // kept for their memory
};

}  // namespace causeway::cpu
