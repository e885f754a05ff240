"""Printers, which write one definition of a device in three languages."""

from spicegen.printers.base import ExpressionPrinter
from spicegen.printers.ngspice import NgspicePrinter, render_subcircuit
from spicegen.printers.verilog_a import VerilogAPrinter, render_verilog_a

__all__ = ["ExpressionPrinter", "NgspicePrinter", "VerilogAPrinter", "render_subcircuit", "render_verilog_a"]
