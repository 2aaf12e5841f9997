causeway_batch_pkg.sv
causeway_control.sv
causeway_batch.sv
media.sv
