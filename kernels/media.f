causeway_registers_pkg.sv
causeway_batch_pkg.sv
causeway_skid.sv
causeway_fifo.sv
causeway_control.sv
causeway_srtp_pass.sv
causeway_batch.sv
media.sv
