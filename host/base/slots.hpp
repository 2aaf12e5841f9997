// Objects named by handles. A handle is a slot number and a generation, so that a handle kept too long names
// nothing rather than the slot's next tenant.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <vector>

namespace causeway {

template <class Tag>
struct Handle {
    std::uint32_t slot = 0;
    std::uint32_t generation = 0;  // 0: names nothing

    explicit operator bool() const { return generation != 0; }
    auto operator<=>(const Handle&) const = default;
    std::uint64_t value() const { return (std::uint64_t{generation} << 32) | slot; }
};

// Objects do not move while they live. `Tag` tells the handles of different tables apart.
template <class T, class Tag = T>
class Slots {
  public:
    using Id = Handle<Tag>;

    template <class... Args>
    Id emplace(Args&&... args) {
        std::uint32_t slot;
        if (free_.empty()) {
            slot = static_cast<std::uint32_t>(entries_.size());
            entries_.emplace_back();
        } else {
            slot = free_.back();
            free_.pop_back();
        }
        Entry& e = entries_[slot];
        if (++e.generation == 0) e.generation = 1;
        e.object = std::make_unique<T>(std::forward<Args>(args)...);
        ++live_;
        return {slot, e.generation};
    }

    T* find(Id id) const {
        if (id.generation == 0 || id.slot >= entries_.size()) return nullptr;
        const Entry& e = entries_[id.slot];
        return e.generation == id.generation ? e.object.get() : nullptr;
    }

    bool erase(Id id) {
        if (find(id) == nullptr) return false;
        entries_[id.slot].object.reset();
        free_.push_back(id.slot);
        --live_;
        return true;
    }

    std::size_t size() const { return live_; }

    // Visits every object; the visitor may erase the one it is given, not add.
    template <class F>
    void for_each(F&& visit) {
        for (std::uint32_t i = 0; i < entries_.size(); ++i) {
            if (entries_[i].object) visit(Id{i, entries_[i].generation}, *entries_[i].object);
        }
    }

  private:
    struct Entry {
        std::uint32_t generation = 0;
        std::unique_ptr<T> object;
    };
    std::vector<Entry> entries_;
    std::vector<std::uint32_t> free_;
    std::size_t live_ = 0;
};

}  // namespace causeway

template <class Tag>
struct std::hash<causeway::Handle<Tag>> {
    std::size_t operator()(const causeway::Handle<Tag>& h) const noexcept {
        return std::hash<std::uint64_t>{}(h.value());
    }
};
