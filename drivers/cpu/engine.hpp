// The CPU engine: media::Engine in software, run to completion inside submit().
#pragma once

#include <memory>

#include "host/media/engine.hpp"

namespace causeway::cpu {

// Who does SRTP (srtp_provider.hpp).
enum class SrtpLibrary : std::uint8_t { batch, libsrtp2 };

std::unique_ptr<media::Engine> make_engine(std::size_t max_contexts = 65536,
                                           SrtpLibrary library = SrtpLibrary::batch);

}  // namespace causeway::cpu
