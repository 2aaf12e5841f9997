// State as bytes, for a process that takes over: one description of a value serves both ways.
//
//   struct Origin {
//       std::string name;
//       std::uint64_t version = 0;
//       template <class A> void archive(A& a) { a(name, version); }
//   };
//
// Integers stand as LEB128 varints (signed ones zigzag), text and containers behind their length, a Time as
// its distance from the encoder's now, for clocks differ between processes: Decoder adds it to its own now.
// An enumeration names its last value by a function last_value(E), found by its argument.
//
// Keys travel in these bytes: both ends wipe what they hold.
#pragma once

#include <array>
#include <concepts>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "host/base/bytes.hpp"
#include "host/base/ip.hpp"
#include "host/base/result.hpp"
#include "host/base/secret.hpp"
#include "host/base/time.hpp"

namespace causeway {

// `body` with a head that says what it is, and a checksum: what Decoder::open takes.
Secret seal(std::uint32_t version, ByteView body);

class Encoder {
  public:
    static constexpr bool decodes = false;

    explicit Encoder(Time now) : now_(now) {}
    Encoder(const Encoder&) = delete;
    Encoder& operator=(const Encoder&) = delete;
    ~Encoder() { OPENSSL_cleanse(bytes_.data(), bytes_.size()); }

    template <class... T>
    void operator()(const T&... values) {
        (put(values), ...);
    }
    Time now() const { return now_; }
    Secret seal(std::uint32_t version) const { return causeway::seal(version, bytes_); }

  private:
    template <class T>
    void put(const T& value) {
        if constexpr (std::is_enum_v<T>) {
            put_varint(static_cast<std::uint64_t>(value));
        } else if constexpr (std::is_same_v<T, bool>) {
            put_varint(value ? 1 : 0);
        } else if constexpr (std::is_integral_v<T> && std::is_unsigned_v<T>) {
            put_varint(value);
        } else if constexpr (std::is_integral_v<T>) {
            put_signed(value);
        } else {
            const_cast<T&>(value).archive(*this);  // one description for both ways; this one only reads
        }
    }
    void put(double value);
    void put(const std::string& text) { put_bytes(as_bytes(text)); }
    void put(const Bytes& bytes) { put_bytes(bytes); }
    void put(const Secret& secret) { put_bytes(secret.view()); }
    void put(Duration d) { put_signed(d.count()); }
    void put(Time t) { put_signed((t - now_).count()); }
    void put(const IpAddress& ip);
    void put(const Endpoint& e) { (*this)(e.ip, e.port); }
    template <class T>
    void put(const std::optional<T>& value) {
        put(value.has_value());
        if (value) put(*value);
    }
    template <class K, class V>
    void put(const std::pair<K, V>& pair) {
        put(pair.first);
        put(pair.second);
    }
    template <class T>
    void put(const std::vector<T>& values) {
        put_varint(values.size());
        for (const auto& v : values) put(v);
    }
    template <class K, class V>
    void put(const std::map<K, V>& values) {
        put_varint(values.size());
        for (const auto& v : values) put(v);
    }
    template <class T, std::size_t n>
    void put(const std::array<T, n>& values) {
        for (const auto& v : values) put(v);
    }

    void put_varint(std::uint64_t value);
    void put_signed(std::int64_t value);
    void put_bytes(ByteView bytes);
    void append(ByteView bytes);

    Time now_;
    Bytes bytes_;
};

// Reads what Encoder wrote. Never throws and never looks outside: after the first error every value reads as
// nothing, and ok() says so. What is allocated is bounded by what is there to read.
class Decoder {
  public:
    static constexpr bool decodes = true;

    // `bytes` must outlive the decoder.
    Decoder(Time now, ByteView bytes) : now_(now), bytes_(bytes) {}
    // Of sealed bytes. The error says what is wrong: no state at all, another version, cut short, damaged.
    static Result<Decoder> open(Time now, std::uint32_t version, ByteView sealed);

    template <class... T>
    void operator()(T&... values) {
        (get(values), ...);
    }
    Time now() const { return now_; }
    // For descriptions that find a value to be impossible. The first error counts.
    void fail(std::string_view why);
    bool ok() const { return error_.empty(); }
    const std::string& error() const { return error_; }
    bool has_more() const { return left() > 0; }
    // Fails where anything is left to read.
    void finish();

  private:
    template <class T>
    void get(T& value) {
        if constexpr (std::is_enum_v<T>) {
            const auto last = static_cast<std::uint64_t>(last_value(T{}));
            value = static_cast<T>(get_varint(last));
        } else if constexpr (std::is_same_v<T, bool>) {
            value = get_varint(1) != 0;
        } else if constexpr (std::is_integral_v<T> && std::is_unsigned_v<T>) {
            value = static_cast<T>(get_varint(static_cast<T>(-1)));
        } else if constexpr (std::is_integral_v<T>) {
            static_assert(sizeof(T) == sizeof(std::int64_t) || sizeof(T) == sizeof(std::int32_t));
            const std::int64_t wide = get_signed();
            value = static_cast<T>(wide);
            if (value != wide) fail("a number out of range");
        } else {
            value.archive(*this);
        }
    }
    void get(double& value);
    void get(std::string& text) { text = as_text(get_bytes()); }
    void get(Bytes& bytes);
    void get(Secret& secret) { secret = Secret(get_bytes()); }
    void get(Duration& d);
    void get(Time& t);
    void get(IpAddress& ip);
    void get(Endpoint& e) { (*this)(e.ip, e.port); }
    template <class T>
    void get(std::optional<T>& value) {
        bool there = false;
        get(there);
        value.reset();
        if (!there) return;
        T fresh;
        get(fresh);
        value = std::move(fresh);
    }
    template <class K, class V>
    void get(std::pair<K, V>& pair) {
        get(pair.first);
        get(pair.second);
    }
    template <class T>
    void get(std::vector<T>& values) {
        values.clear();
        for (auto n = get_varint(left()); n > 0 && ok(); --n) get(values.emplace_back());
    }
    template <class K, class V>
    void get(std::map<K, V>& values) {
        values.clear();
        for (auto n = get_varint(left()); n > 0 && ok(); --n) {
            std::pair<K, V> v;
            get(v);
            values.insert(std::move(v));
        }
    }
    template <class T, std::size_t n>
    void get(std::array<T, n>& values) {
        for (auto& v : values) get(v);
    }

    std::size_t left() const { return bytes_.size() - at_; }
    std::uint64_t get_varint(std::uint64_t most);
    std::int64_t get_signed();
    ByteView get_bytes();

    Time now_;
    ByteView bytes_;
    std::size_t at_ = 0;
    std::string error_;
};

}  // namespace causeway
