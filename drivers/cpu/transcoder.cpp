#include "drivers/cpu/transcoder.hpp"

namespace causeway::cpu {

bool Transcoder::run(ByteView payload, Bytes& out) {
    const auto samples = duration(decoder_.speech(), payload.size());
    if (!samples || *samples == 0 || *samples > max_samples) return false;
    decoded_.clear();
    decoder_.run(payload, decoded_);
    resampled_.clear();
    resampler_.run(decoded_, resampled_);
    encoder_.run(resampled_, out);
    return true;
}

}  // namespace causeway::cpu
