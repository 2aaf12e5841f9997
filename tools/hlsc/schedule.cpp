#include "tools/hlsc/schedule.hpp"

#include <algorithm>
#include <cstdio>

#include "tools/hlsc/delay.hpp"
#include "tools/hlsc/diagnostics.hpp"

namespace causeway::hlsc {
namespace {

std::string nanoseconds(double t) {
    char text[32];
    std::snprintf(text, sizeof text, "%.2f ns", t);
    return text;
}

// As soon as possible, chained within a stage; then every read of state is moved late enough for its write,
// and again, until nothing moves or a recurrence turns out to be too long.
class Scheduler {
  public:
    Scheduler(const Netlist& n, double clock)
        : n_(n), budget_(clock - register_delay), clock_(clock), delay_(n) {}
    Schedule run();

  private:
    const Netlist& n_;
    const double budget_, clock_;
    Delay delay_;
    std::vector<int> order_, earliest_;

    bool is_live(int node) const { return node >= 0 && delay_.stage(node) >= 0; }
    void place(int node);
    void place_all();
    bool move_reads();
    int latest_write_after(const Ram& r) const {
        return static_cast<int>(n_.interval * r.distance) - (r.distance > 1);
    }
    [[noreturn]] void refuse_recurrence(int read, int write, const std::string& name,
                                        const std::string& place);
};

void Scheduler::place(int id) {
    const Node& n = n_.nodes[id];
    int stage = earliest_[id];
    for (const auto& o : n.operands) {
        for (const auto& s : o.slices()) {
            if (!s.is_constant()) stage = std::max(stage, delay_.available(s.node));
        }
    }
    if (n.op == Op::stream_read) {
        if (stage > 0 || delay_.place(id, 0) > budget_) {
            refuse(n.place, "whether stream " + n_.streams[n.object].name +
                                " is read is not known in the first cycle of an iteration (" +
                                std::to_string(stage + 1) +
                                " cycles): decide it from static variables that are computed early");
        }
        return;
    }
    // What waits for its read: state is not written before the same iteration has read it.
    if (n.op == Op::state_write && is_live(n_.states[n.object].read))
        stage = std::max(stage, delay_.stage(n_.states[n.object].read));
    if (n.op == Op::ram_write) {
        for (const int r : n_.rams[n.object].reads) {
            if (is_live(r)) stage = std::max(stage, delay_.stage(r));
        }
    }
    if (delay_.place(id, stage) <= budget_) return;
    const double alone = delay_.place(id, stage + 1);
    if (alone > budget_) {
        refuse(n.place, std::string("one operation (") + name(n.op) + ") takes " +
                            nanoseconds(alone + register_delay) + ", the clock is " + nanoseconds(clock_));
    }
}

void Scheduler::place_all() {
    // Writes last: they look at where their reads are.
    for (const int id : order_) {
        if (n_.nodes[id].op != Op::state_write && n_.nodes[id].op != Op::ram_write) place(id);
    }
    for (const int id : order_) {
        if (n_.nodes[id].op == Op::state_write || n_.nodes[id].op == Op::ram_write) place(id);
    }
}

bool Scheduler::move_reads() {
    bool moved = false;
    const auto move = [&](int read, int write, int most) {
        if (!is_live(read) || !is_live(write)) return;
        const int needed = delay_.stage(write) - most;
        if (needed > earliest_[read]) {
            if (needed > delay_.stage(read)) moved = true;
            earliest_[read] = std::max(needed, earliest_[read]);
        }
    };
    for (const auto& s : n_.states) move(s.read, s.write, static_cast<int>(n_.interval) - 1);
    for (const auto& r : n_.rams) {
        for (const int read : r.reads) move(read, r.write, latest_write_after(r));
    }
    return moved;
}

void Scheduler::refuse_recurrence(int read, int write, const std::string& object, const std::string& place) {
    std::vector<std::string> lines;
    for (int id = write; id >= 0 && lines.size() < 12;) {
        const auto& p = n_.nodes[id].place;
        if (!p.empty() && (lines.empty() || lines.back() != p)) lines.push_back(p);
        int next = delay_.latest_operand(id);
        if (next < 0) {
            // From a register: go on with the operand of the latest stage.
            for (const auto& o : n_.nodes[id].operands) {
                for (const auto& s : o.slices()) {
                    if (!s.is_constant() && (next < 0 || delay_.stage(s.node) > delay_.stage(next)))
                        next = s.node;
                }
            }
        }
        if (id == read) break;
        id = next;
    }
    std::string path;
    for (auto i = lines.rbegin(); i != lines.rend(); ++i) path += (path.empty() ? "" : ", ") + *i;
    const int cycles = delay_.stage(write) - delay_.stage(read) + 1;
    refuse(place, "the next value of " + object + " is ready " + std::to_string(cycles) + " cycles of " +
                      nanoseconds(clock_) + " after it is read, an iteration begins every " +
                      std::to_string(n_.interval) +
                      ": shorten the recurrence, compute part of it an iteration ahead, or raise II (path: " +
                      path + ")");
}

Schedule Scheduler::run() {
    order_ = n_.order();
    earliest_.assign(n_.nodes.size(), 0);
    place_all();
    int limit = 0;
    for (const int id : order_) limit = std::max(limit, delay_.available(id));
    limit += static_cast<int>(n_.interval) + 8;
    while (move_reads()) {
        for (const auto& s : n_.states) {
            if (is_live(s.read) && earliest_[s.read] > limit)
                refuse_recurrence(s.read, s.write, s.name, s.place);
        }
        for (const auto& r : n_.rams) {
            for (const int read : r.reads) {
                if (is_live(read) && earliest_[read] > limit)
                    refuse_recurrence(read, r.write, r.name, r.place);
            }
        }
        place_all();
    }
    Schedule s;
    s.order = order_;
    s.stage.assign(n_.nodes.size(), -1);
    for (const int id : order_) {
        s.stage[id] = delay_.stage(id);
        s.stages = std::max(s.stages, delay_.available(id) + 1);
        if (const double t = delay_.arrival(id) + register_delay; t > s.slowest) {
            s.slowest = t;
            s.slowest_place = n_.nodes[id].place;
        }
    }
    for (const auto& r : n_.rams) {
        char forwards = 0;
        for (const int read : r.reads) {
            if (is_live(read) && is_live(r.write) &&
                s.stage[r.write] == s.stage[read] + static_cast<int>(n_.interval))
                forwards = r.distance == 1;
        }
        s.forwards.push_back(forwards);
    }
    return s;
}

}  // namespace

int Schedule::available(const Netlist& n, int node) const {
    return stage[node] + latency(n.nodes[node].op);
}

Schedule schedule(const Netlist& netlist, double clock) {
    return Scheduler(netlist, clock).run();
}

}  // namespace causeway::hlsc
