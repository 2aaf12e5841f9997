// Key material. Zeroed when freed, never printed: there is deliberately no formatter and no stream operator.
#pragma once

#include <openssl/crypto.h>

#include <span>
#include <utility>

#include "host/base/bytes.hpp"

namespace causeway {

class Secret {
  public:
    Secret() = default;
    explicit Secret(ByteView bytes) : bytes_(bytes.begin(), bytes.end()) {}
    explicit Secret(Bytes&& bytes) : bytes_(std::move(bytes)) {}
    Secret(const Secret&) = default;
    Secret(Secret&& other) noexcept : bytes_(std::move(other.bytes_)) {}
    Secret& operator=(Secret other) noexcept {
        bytes_.swap(other.bytes_);
        return *this;
    }
    ~Secret() { OPENSSL_cleanse(bytes_.data(), bytes_.size()); }

    ByteView view() const { return bytes_; }
    std::size_t size() const { return bytes_.size(); }
    bool empty() const { return bytes_.empty(); }
    friend bool operator==(const Secret& a, const Secret& b) {
        return a.size() == b.size() && CRYPTO_memcmp(a.bytes_.data(), b.bytes_.data(), a.size()) == 0;
    }

  private:
    Bytes bytes_;
};

}  // namespace causeway
