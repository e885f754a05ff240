"""Printers, which write one definition of a device in the languages of simulators."""

from spicegen.printers.base import ExpressionPrinter
from spicegen.printers.ngspice import NgspicePrinter, render_subcircuit
from spicegen.printers.other_spice import LtspicePrinter, XycePrinter, render_ltspice, render_xyce
from spicegen.printers.verilog_a import VerilogAPrinter, render_verilog_a

__all__ = [
    "ExpressionPrinter",
    "LtspicePrinter",
    "NgspicePrinter",
    "VerilogAPrinter",
    "XycePrinter",
    "render_ltspice",
    "render_subcircuit",
    "render_verilog_a",
    "render_xyce",
]
