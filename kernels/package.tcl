# Packages the kernel `media` for v++: vivado -mode batch -source package.tcl -tclargs OUTPUT.xo SOURCES...
# Arguments, registers and protocol are those of media.toml.
set output [lindex $argv 0]
set sources [lrange $argv 1 end]
set folder [file rootname $output]_package

create_project -force -in_memory
add_files -norecurse $sources
set_property top media [current_fileset]
update_compile_order -fileset sources_1
ipx::package_project -root_dir $folder -vendor causeway -library kernel -name media -version 1.0 \
    -taxonomy /KernelIP -import_files -force
set core [ipx::current_core]
ipx::associate_bus_interfaces -busif s_axi_control -clock ap_clk $core
ipx::associate_bus_interfaces -busif m_axi_gmem -clock ap_clk $core

set block [ipx::add_address_block reg0 [ipx::add_memory_map s_axi_control $core]]
set_property slave_memory_map_ref s_axi_control [ipx::get_bus_interfaces s_axi_control -of_objects $core]
foreach {name offset size} {CTRL 0x000 32 GIER 0x004 32 IP_IER 0x008 32 IP_ISR 0x00c 32 batch 0x010 64} {
    set register [ipx::add_register $name $block]
    set_property address_offset $offset $register
    set_property size $size $register
}
ipx::add_register_parameter ASSOCIATED_BUSIF [ipx::get_registers batch -of_objects $block]
set_property value m_axi_gmem [ipx::get_register_parameters ASSOCIATED_BUSIF \
    -of_objects [ipx::get_registers batch -of_objects $block]]

set_property sdx_kernel true $core
set_property sdx_kernel_type rtl $core
set_property xpm_libraries {} $core
ipx::create_xgui_files $core
ipx::update_checksums $core
ipx::check_integrity -kernel $core
ipx::save_core $core
package_xo -force -xo_path $output -kernel_name media -ip_directory $folder -ctrl_protocol ap_ctrl_chain
