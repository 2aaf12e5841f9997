#include "drivers/cpu/transcoder.hpp"

namespace causeway::cpu {

bool Transcoder::run(ByteView payload, Bytes& out) {
    const auto units = duration(decoder_.speech(), payload.size());
    if (!units || *units == 0 || *units > max_ms * media::clock_rate(decoder_.speech()) / 1000) return false;
    decoded_.clear();
    decoder_.run(payload, decoded_);
    resampled_.clear();
    resampler_.run(decoded_, resampled_);
    encoder_.run(resampled_, out);
    return true;
}

}  // namespace causeway::cpu
