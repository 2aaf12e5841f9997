#include "tools/hlsc/diagnostics.hpp"

#include <llvm/ADT/StringExtras.h>
#include <llvm/Demangle/Demangle.h>
#include <llvm/IR/DebugInfoMetadata.h>
#include <llvm/IR/Instruction.h>
#include <llvm/IR/Module.h>

namespace causeway::hlsc {
namespace {

bool is_ours(llvm::StringRef file) {
    return file.ends_with("ap_int.h") || file.ends_with("hls_stream.h");
}

std::string identifier(std::string name) {
    for (char& c : name) {
        if (!llvm::isAlnum(c)) c = '_';
    }
    return name;
}

}  // namespace

std::string where(const llvm::Instruction* at) {
    if (at == nullptr || !at->getDebugLoc()) return at ? where(*at->getFunction()) : "hlsc";
    const llvm::DILocation* line = at->getDebugLoc().get();
    while (line->getInlinedAt() && is_ours(line->getFilename())) line = line->getInlinedAt();
    std::string text = line->getFilename().str() + ":" + std::to_string(line->getLine());
    return text;
}

std::string where(const llvm::GlobalVariable& variable) {
    llvm::SmallVector<llvm::DIGlobalVariableExpression*, 1> info;
    variable.getDebugInfo(info);
    if (info.empty()) return "hlsc";
    const auto* v = info[0]->getVariable();
    return v->getFilename().str() + ":" + std::to_string(v->getLine());
}

std::string where(const llvm::Function& function) {
    const auto* p = function.getSubprogram();
    return p ? p->getFilename().str() + ":" + std::to_string(p->getLine()) : "hlsc";
}

void refuse(const std::string& place, const std::string& reason) {
    throw Refused(place + ": error: " + reason);
}

std::string source_name(const llvm::GlobalVariable& variable) {
    std::string name = llvm::demangle(variable.getName().str());
    if (const auto colon = name.rfind("::"); colon != std::string::npos) name = name.substr(colon + 2);
    return identifier(name);
}

std::string source_name(const llvm::Function& function) {
    const std::string mangled = function.getName().str();  // the demangler points into it
    llvm::ItaniumPartialDemangler d;
    if (d.partialDemangle(mangled.c_str())) return mangled;
    std::size_t size = 0;
    char* text = d.getFunctionBaseName(nullptr, &size);
    std::string name = text ? text : mangled;
    std::free(text);
    // A template's instances have one base name: their arguments tell them apart.
    if (llvm::StringRef(mangled).contains(std::to_string(name.size()) + name + "I")) {
        const std::string whole = llvm::demangle(mangled);
        const auto open = whole.find(name + "<") + name.size();
        name += identifier(whole.substr(open, whole.find('>', open) - open));
    }
    return name;
}

}  // namespace causeway::hlsc
