// The protobuf wire format, as far as the flat messages of XRT's emulation RPC need it: integers, octet
// strings.
#pragma once

#include <cstdint>
#include <cstring>
#include <map>
#include <string>
#include <string_view>

namespace causeway::sim {

// The fields of a message: of a repeated one the last. Views point into what was parsed.
class Message {
  public:
    explicit Message(std::string_view octets) {
        while (!octets.empty() && field(octets)) {
        }
    }
    // 0 or empty where the field is absent.
    std::uint64_t number(std::uint32_t field) const {
        const auto found = numbers_.find(field);
        return found == numbers_.end() ? 0 : found->second;
    }
    std::string_view octets(std::uint32_t field) const {
        const auto found = strings_.find(field);
        return found == strings_.end() ? std::string_view{} : found->second;
    }

  private:
    static bool varint(std::string_view& in, std::uint64_t& value) {
        value = 0;
        for (int shift = 0; shift < 64 && !in.empty(); shift += 7) {
            const auto octet = static_cast<std::uint8_t>(in.front());
            in.remove_prefix(1);
            value |= std::uint64_t{octet & 0x7fu} << shift;
            if (octet < 0x80) return true;
        }
        return false;
    }
    static bool fixed(std::string_view& in, std::size_t size, std::uint64_t& value) {
        if (in.size() < size) return false;
        value = 0;
        std::memcpy(&value, in.data(), size);
        in.remove_prefix(size);
        return true;
    }
    bool field(std::string_view& in) {
        std::uint64_t tag = 0;
        std::uint64_t value = 0;
        if (!varint(in, tag)) return false;
        const auto name = static_cast<std::uint32_t>(tag >> 3);
        switch (tag & 7) {
            case 0:
                if (!varint(in, value)) return false;
                break;
            case 1:
                if (!fixed(in, 8, value)) return false;
                break;
            case 2:
                if (!varint(in, value) || value > in.size()) return false;
                strings_[name] = in.substr(0, value);
                in.remove_prefix(value);
                return true;
            case 5:
                if (!fixed(in, 4, value)) return false;
                break;
            default:
                return false;
        }
        numbers_[name] = value;
        return true;
    }

    std::map<std::uint32_t, std::uint64_t> numbers_;
    std::map<std::uint32_t, std::string_view> strings_;
};

// A message being written.
class Answer {
  public:
    Answer& number(std::uint32_t field, std::uint64_t value) {
        varint(std::uint64_t{field} << 3);
        varint(value);
        return *this;
    }
    Answer& octets(std::uint32_t field, std::string_view value) {
        varint(std::uint64_t{field} << 3 | 2);
        varint(value.size());
        written_.append(value);
        return *this;
    }
    const std::string& written() const { return written_; }

  private:
    void varint(std::uint64_t value) {
        for (; value >= 0x80; value >>= 7) written_.push_back(static_cast<char>(value | 0x80));
        written_.push_back(static_cast<char>(value));
    }
    std::string written_;
};

}  // namespace causeway::sim
