// The rules of AXI, asserted in the kernel `media` while it is simulated.
bind media causeway_axi_checker #(
    .DATA_WIDTH(512),
    .OUTSTANDING(16)
) memory_rules (
    .clk(ap_clk),
    .rst(rst),
    .araddr(m_axi_gmem_araddr),
    .arlen(m_axi_gmem_arlen),
    .arsize(m_axi_gmem_arsize),
    .arburst(m_axi_gmem_arburst),
    .arvalid(m_axi_gmem_arvalid),
    .arready(m_axi_gmem_arready),
    .rdata(m_axi_gmem_rdata),
    .rresp(m_axi_gmem_rresp),
    .rlast(m_axi_gmem_rlast),
    .rvalid(m_axi_gmem_rvalid),
    .rready(m_axi_gmem_rready),
    .awaddr(m_axi_gmem_awaddr),
    .awlen(m_axi_gmem_awlen),
    .awsize(m_axi_gmem_awsize),
    .awburst(m_axi_gmem_awburst),
    .awvalid(m_axi_gmem_awvalid),
    .awready(m_axi_gmem_awready),
    .wdata(m_axi_gmem_wdata),
    .wstrb(m_axi_gmem_wstrb),
    .wlast(m_axi_gmem_wlast),
    .wvalid(m_axi_gmem_wvalid),
    .wready(m_axi_gmem_wready),
    .bresp(m_axi_gmem_bresp),
    .bvalid(m_axi_gmem_bvalid),
    .bready(m_axi_gmem_bready)
);
