"""Names that are legal in every language that models are printed to."""

from __future__ import annotations

import re

from models_va.errors import ModelDefinitionError

# Names are in lower case only, because ngspice folds case.
_NAME = re.compile(r"[a-z][a-z0-9_]*\Z")

# Reserved are the words of Verilog-A, of ngspice's B sources and of VACASK's decks, and the names that the generated
# code itself uses.
_RESERVED = """
abs absdelay acos acosh ac_stim aliasparam always analog analysis and asin asinh assign atan atan2 atanh begin branch
buf case casex casez ceil connect connectmodule cos cosh cross ddt ddx deassign default defparam disable discipline
edge electrical else end endcase endconfig endconnectrules enddiscipline endfunction endgenerate endmodule endnature
endparamset endprimitive endspecify endtable endtask event exclude exp final_step flicker_noise floor flow for force
forever fork from function generate genvar ground highz0 highz1 hypot idt idtmod if inf initial initial_step inout input
integer join laplace_nd laplace_np laplace_zd laplace_zp large last_crossing limexp ln localparam log macromodule max
medium min module nand nature negedge nmos noise_table nor not or output parameter paramset pmos posedge potential pow
primitive pull0 pull1 pulldown pullup real realtime reg release repeat scalared signed sin sinh slew small specify
sqrt string strong0 strong1 supply0 supply1 table tan tanh task time timer tran transition tri units unsigned vector
vectored wait wand weak0 weak1 while white_noise wire wor wreal xnor xor zi_nd zi_np zi_zd zi_zp
temper hertz sgn pwr uramp u v i gnd null vsource isource resistor resistance capacitor inductor
te be vbr type desc m temperature_k boltzmann elementary_charge gmin exp_lim sinh_lim cosh_lim
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
