"""Names that are legal in every language that models are printed to."""

from __future__ import annotations

import re

from models_va.errors import ModelDefinitionError

# Names are in lower case only, because ngspice folds case.
_NAME = re.compile(r"[a-z][a-z0-9_]*\Z")

# Reserved are the words of Verilog-A, of ngspice's B sources and of VACASK's decks, and the names that the generated
# code itself uses.
_RESERVED = """
above abs absdelay absdelta ac_stim acos acosh aliasparam always analog analysis and asin asinh assert assign atan
atan2 atanh automatic begin branch buf bufif0 bufif1 case casex casez ceil cell cmos config connect connectmodule
connectrules continuous cos cosh cross ddt ddt_nature ddx deassign default defparam design disable discipline discrete
domain driver_update edge electrical else end endcase endconfig endconnectrules enddiscipline endfunction endgenerate
endmodule endnature endparamset endprimitive endspecify endtable endtask event exclude exp final_step flicker_noise
floor flow for force forever fork from function generate genvar ground highz0 highz1 hypot idt idt_nature idtmod if
ifnone incdir include inf initial initial_step inout input instance integer join laplace_nd laplace_np laplace_zd
laplace_zp large last_crossing liblist library limexp ln localparam log macromodule max medium merged min module nand
nature negedge net_resolution nmos noise_table noise_table_log nor noshowcancelled not notif0 notif1 or output
parameter paramset pmos posedge potential pow primitive pull0 pull1 pulldown pullup pulsestyle_ondetect
pulsestyle_onevent rcmos real realtime reg release repeat resolveto rnmos rpmos rtran rtranif0 rtranif1 scalared
showcancelled signed sin sinh slew small specify specparam split sqrt string strong0 strong1 supply0 supply1 table tan
tanh task time timer tran tranif0 tranif1 transition tri tri0 tri1 triand trior trireg units unsigned use uwire vector
vectored wait wand weak0 weak1 while white_noise wire wor wreal xnor xor zi_nd zi_np zi_zd zi_zp
temper hertz sgn pwr uramp u v i gnd null vsource isource resistor resistance capacitor inductor
te be vbr type desc m temp temp_own temp_follows temperature_k boltzmann elementary_charge gmin exp_lim
sinh_lim cosh_lim
"""
RESERVED = frozenset(_RESERVED.split())


def check_name(name: str, what: str) -> str:
    """Return ``name`` if it is a legal identifier in every printed language.

    Raises:
        ModelDefinitionError: the name is not legal; the message says which names are.
    """
    if not _NAME.match(name) or name in RESERVED:
        raise ModelDefinitionError(
            f"{what} name {name!r}: use lower-case letters, digits and _, starting with a letter, "
            "and no word reserved by Verilog-A, ngspice or VACASK"
        )
    return name
