# The decision of ../by_hand.py for OPA. Money is in hundred-millionths of a dollar.
package order_acceptance

fatf_members := {
	"AR", "AT", "AU", "BE", "BR", "CA", "CH", "CN", "DE", "DK", "ES", "FI", "FR", "GB", "GR", "HK", "ID", "IE", "IL",
	"IN", "IS", "IT", "JP", "KR", "LU", "MX", "MY", "NL", "NO", "NZ", "PT", "RU", "SA", "SE", "SG", "TR", "US", "ZA",
}

default accepted := false

accepted if not denied

# trading_halted
denied if input.halted

# order_too_small
denied if input.notional < 10000000000

# order_too_large
denied if input.notional > 4000000000000000

# not_prefunded
denied if input.notional > input.available

# over_platform_limit
denied if input.exposure + input.notional > 20000000000000000

# outside_fatf
denied if not fatf_members[input.jurisdiction]

# house_order
denied if input.capacity == "house"

# market_maker_buying
denied if {
	input.capacity == "affiliated_market_maker"
	input.side == "buy"
	input.notional > 500000000000000
}

# over_retail_limit
denied if {
	not input.professional
	input.exposure + input.notional > 5000000000000000
}

# retail_not_opted_in
denied if {
	not input.professional
	input.capacity == "client"
	not input.opted_in == true
}
