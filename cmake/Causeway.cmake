# The two verbs of this build: causeway_library(NAME deps...) and causeway_test(FOLDER deps...).

set(CAUSEWAY_SANITIZE "" CACHE STRING "Sanitizers to build with, e.g. address,undefined or thread")
set(CMAKE_POSITION_INDEPENDENT_CODE ON)

add_library(causeway_settings INTERFACE)
target_compile_features(causeway_settings INTERFACE cxx_std_20)
target_include_directories(causeway_settings INTERFACE ${PROJECT_SOURCE_DIR})
target_compile_options(causeway_settings INTERFACE -Wall -Wextra -Wpedantic -Wshadow -Wnon-virtual-dtor -Werror)
if(CMAKE_CXX_COMPILER_ID STREQUAL Clang)
    # The standard library of g++ 12 uses what it has deprecated (std::stable_sort).
    target_compile_options(causeway_settings INTERFACE -Wno-deprecated-declarations)
endif()
if(CAUSEWAY_SANITIZE)
    target_compile_options(causeway_settings INTERFACE -fsanitize=${CAUSEWAY_SANITIZE} -fno-omit-frame-pointer
                           -fno-sanitize-recover=all)
    target_link_options(causeway_settings INTERFACE -fsanitize=${CAUSEWAY_SANITIZE})
    if(CAUSEWAY_SANITIZE MATCHES thread AND CMAKE_CXX_COMPILER_ID STREQUAL GNU)
        # Asio has fences, which the sanitizer does not see. It may miss an order that they make, not a lock's.
        target_compile_options(causeway_settings INTERFACE -Wno-tsan)
    endif()
endif()

# A static library causeway_NAME of all sources in the current folder but main.cpp, which is a program's.
function(causeway_library name)
    file(GLOB sources CONFIGURE_DEPENDS *.cpp *.hpp)
    list(FILTER sources EXCLUDE REGEX "/main\\.cpp$")
    add_library(causeway_${name} STATIC ${sources})
    set_target_properties(causeway_${name} PROPERTIES LINKER_LANGUAGE CXX)
    target_link_libraries(causeway_${name} PUBLIC causeway_settings ${ARGN})
endfunction()

# A GoogleTest program of all sources in tests/FOLDER, each of its cases a ctest case.
function(causeway_test folder)
    string(REPLACE "/" "_" name test_${folder})
    file(GLOB sources CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/${folder}/*.cpp)
    if(NOT sources)
        return()
    endif()
    add_executable(${name} ${sources})
    target_link_libraries(${name} PRIVATE ${ARGN} GTest::gmock GTest::gtest_main)
    target_compile_definitions(${name} PRIVATE CAUSEWAY_MATERIAL="${CAUSEWAY_MATERIAL}")
    gtest_discover_tests(${name} TEST_PREFIX "${folder}/" DISCOVERY_TIMEOUT 60 PROPERTIES TIMEOUT 120)
endfunction()
