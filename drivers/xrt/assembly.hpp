// A batch being put together in a slot, and taken apart when it has come back.
#pragma once

#include <algorithm>
#include <cstring>

#include "drivers/xrt/batch.hpp"
#include "host/base/bytes.hpp"

namespace causeway::card {

// Writes header, descriptors and packets into `memory` while there is room for what will come out of them.
class Assembly {
  public:
    // `most` descriptors at most.
    Assembly(std::span<std::uint8_t> memory, std::uint32_t most)
        : memory_(memory),
          most_(most),
          in_end_((1 + most) * static_cast<std::uint32_t>(sizeof(Descriptor))) {}

    std::uint32_t count() const { return count_; }
    bool full() const { return count_ == most_; }

    // Whether there is room for one more packet. The offsets of `descriptor` are set here; its `room` is
    // kept.
    bool add(Descriptor descriptor, ByteView packet) {
        const std::uint32_t in = align(static_cast<std::uint32_t>(packet.size()));
        const std::uint32_t out = align(descriptor.room);
        const std::size_t answers = (count_ + 2) * sizeof(Completion);
        if (full() || std::size_t{in_end_} + in + answers + out_size_ + out > memory_.size()) return false;
        descriptor.length = static_cast<std::uint16_t>(packet.size());
        descriptor.in_offset = in_end_;
        descriptor.out_offset = out_size_;  // from output_begin, until closed
        std::memcpy(memory_.data() + in_end_, packet.data(), packet.size());
        in_end_ += in;
        out_size_ += out;
        write_descriptor(count_++, descriptor);
        return true;
    }

    // Completes the header. Nothing may be added any more.
    void close(std::uint32_t epoch, std::uint32_t batch) {
        BatchHeader header;
        header.epoch = epoch;
        header.batch = batch;
        header.count = count_;
        header.completions = in_end_;
        header.output_begin = in_end_ + (1 + count_) * static_cast<std::uint32_t>(sizeof(Completion));
        header.size = header.output_begin + out_size_;
        std::memcpy(memory_.data(), &header, sizeof header);
        for (std::uint32_t i = 0; i < count_; ++i) {
            Descriptor descriptor;
            std::memcpy(&descriptor, memory_.data() + (1 + i) * sizeof descriptor, sizeof descriptor);
            descriptor.out_offset += header.output_begin;
            write_descriptor(i, descriptor);
        }
    }

  private:
    void write_descriptor(std::uint32_t index, const Descriptor& descriptor) {
        std::memcpy(memory_.data() + (1 + index) * sizeof descriptor, &descriptor, sizeof descriptor);
    }

    std::span<std::uint8_t> memory_;
    std::uint32_t most_;
    std::uint32_t count_ = 0;
    std::uint32_t in_end_;
    std::uint32_t out_size_ = 0;
};

template <class T>
T read_at(std::span<const std::uint8_t> memory, std::size_t offset) {
    T value;
    std::memcpy(&value, memory.data() + offset, sizeof value);
    return value;
}

// Whether the parts of a batch lie inside `size` octets, in order.
inline bool sound(const BatchHeader& header, std::size_t size) {
    return header.magic == batch_magic && header.count <= most_descriptors && header.size <= size &&
           header.completions >= (1 + header.count) * sizeof(Descriptor) &&
           header.completions % alignment == 0 && header.completions < size &&
           header.output_begin >= header.completions + (1 + header.count) * sizeof(Completion) &&
           header.output_begin <= header.size;
}

// Calls completed(const Completion&, ByteView packet) for each completion of a batch. False where one of them
// names what is not in the batch: then none is to be trusted.
template <class Completed>
bool take_apart(std::span<const std::uint8_t> memory, Completed completed) {
    const auto header = read_at<BatchHeader>(memory, 0);
    if (!sound(header, memory.size())) return false;
    const auto at = [&](std::uint32_t index) {
        return read_at<Completion>(memory, header.completions + (1 + index) * sizeof(Completion));
    };
    for (std::uint32_t i = 0; i < header.count; ++i) {
        const Completion completion = at(i);
        if (completion.length == 0) continue;
        if (completion.out_offset < header.output_begin || completion.out_offset > header.size ||
            completion.length > header.size - completion.out_offset) {
            return false;
        }
    }
    for (std::uint32_t i = 0; i < header.count; ++i) {
        const Completion completion = at(i);
        completed(completion, completion.length == 0
                                  ? ByteView{}
                                  : ByteView{memory.data() + completion.out_offset, completion.length});
    }
    return true;
}

}  // namespace causeway::card
