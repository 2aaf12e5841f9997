// The CPU engine: media::Engine in software, run to completion inside submit(). SRTP is libsrtp2's
// (drivers/cpu/srtp.hpp), which keeps packet index and replay window itself.
#pragma once

#include <memory>

#include "host/media/engine.hpp"

namespace causeway::cpu {

std::unique_ptr<media::Engine> make_engine(std::size_t max_contexts = 65536);

}  // namespace causeway::cpu
