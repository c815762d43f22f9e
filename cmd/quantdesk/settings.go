package main

import (
	"encoding/json"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/alecthomas/kong"
)

// desk are the settings of a running desk. Flag, environment, the home's .env
// and its config.json set the same ones, in that order of precedence. The policy
// is not among them: only its file says it.
type desk struct {
	prices
	Toolsets       []string `help:"Toolsets to offer at all; default and all are names too." env:"QUANTDESK_TOOLSETS" placeholder:"NAME,..." group:"Tools"`
	ReadOnly       bool     `help:"Offer only tools that change nothing." env:"QUANTDESK_READ_ONLY" group:"Tools"`
	ExcludeTools   []string `help:"Tools not to offer." env:"QUANTDESK_EXCLUDE_TOOLS" placeholder:"NAME,..." group:"Tools"`
	RateLimit      int      `help:"Calls a minute for a platform's user; the local user has ten times that." default:"60" env:"QUANTDESK_RATE_LIMIT" group:"Limits"`
	TradeRateLimit int      `help:"Calls of trading tools a minute, likewise." default:"30" env:"QUANTDESK_TRADE_RATE_LIMIT" group:"Limits"`
	Backtests      int      `help:"Backtests that run at a time. Default: one for every two cores." default:"0" env:"QUANTDESK_BACKTESTS" group:"Limits"`
	LeanWorkspace  string   `help:"LEAN CLI workspace whose projects tools may copy. Default: none." env:"QUANTDESK_LEAN_WORKSPACE" type:"existingdir" placeholder:"DIR" group:"Operations"`
	TWSHost        string   `name:"tws-host" help:"Where TWS or IB Gateway is, for connections that do not say." default:"127.0.0.1" env:"TWS_HOST" placeholder:"HOST" group:"Interactive Brokers"`
	TWSPort        int      `name:"tws-port" help:"Its port: TWS paper 7497, live 7496, Gateway paper 4002, live 4001." default:"7497" env:"TWS_PORT" group:"Interactive Brokers"`
	TWSClientID    int64    `name:"tws-client-id" help:"The client id of the first connection." default:"1" env:"TWS_CLIENT_ID" group:"Interactive Brokers"`
	TWSUsers       []string `name:"tws-users" help:"Users beside the local one who may connect TWS. Whoever may can trade what its login holds." env:"QUANTDESK_TWS_USERS" placeholder:"USER,..." group:"Interactive Brokers"`
	TWSPace        int      `name:"tws-pace" help:"Messages a second to a TWS; below 0 is no limit, for a paper TWS that has none." default:"45" env:"QUANTDESK_TWS_PACE" group:"Interactive Brokers"`
	TWSHosts       []string `name:"tws-hosts" help:"Further hosts that connections may name; this machine and --tws-host always may be." env:"QUANTDESK_TWS_HOSTS" placeholder:"HOST,..." group:"Interactive Brokers"`
	// QuantConnectCloud is another address for QuantConnect's cloud, such as a
	// stand-in of tests.
	QuantConnectCloud string `name:"quantconnect-cloud" help:"Another address for QuantConnect's cloud, such as a stand-in." env:"QUANTDESK_QUANTCONNECT_CLOUD" placeholder:"URL" group:"Operations"`

	LogLevel     string `help:"debug, info, warn or error." default:"info" enum:"debug,info,warn,error" env:"QUANTDESK_LOG_LEVEL,LOG_LEVEL" group:"Operations"`
	LogJSON      bool   `help:"Write the log as JSON." env:"QUANTDESK_LOG_JSON" group:"Operations"`
	OTLPEndpoint string `help:"Send OpenTelemetry traces there (OTLP over HTTP). Default: none." env:"QUANTDESK_OTLP_ENDPOINT" placeholder:"URL" group:"Operations"`
	Runs         runs   `embed:""`
}

// prices are the settings of a market.
type prices struct {
	Market      string  `help:"Market data: sim, or a LEAN data folder to replay." default:"sim" env:"QUANTDESK_MARKET" placeholder:"DIR|sim" group:"Market"`
	Seed        int64   `help:"Seed of the simulated market." default:"42" env:"QUANTDESK_SEED" group:"Market"`
	ReplayDate  string  `help:"Session to replay from the data folder. Default: its last complete minute session." env:"QUANTDESK_REPLAY_DATE" placeholder:"2013-10-11" group:"Market"`
	ReplaySpeed float64 `help:"How many times as fast as real time to replay." default:"1" env:"QUANTDESK_REPLAY_SPEED" group:"Market"`
	Faults      string  `help:"JSON script of faults the market and the paper broker are made to have." env:"QUANTDESK_FAULTS" type:"existingfile" placeholder:"FILE" group:"Market"`
}

// listen are the settings of the HTTP endpoint.
type listen struct {
	Addr             string   `help:"Address to listen on." default:"127.0.0.1:8787" env:"QUANTDESK_ADDR" placeholder:"HOST:PORT" group:"Endpoint"`
	MCPPath          string   `help:"Path of the MCP endpoint." default:"/mcp" env:"QUANTDESK_MCP_PATH,MCP_PATH" group:"Endpoint"`
	QuantConnectAddr string   `name:"quantconnect-addr" help:"Serve QuantConnect's REST API v2 there too, as 127.0.0.1:5612 for the LEAN CLI with QC_API=local. Default: not at all." env:"QUANTDESK_QUANTCONNECT_ADDR" placeholder:"HOST:PORT" group:"Endpoint"`
	PublicURL        string   `help:"Base address clients reach the server by, where a proxy stands before it." env:"QUANTDESK_PUBLIC_URL" placeholder:"URL" group:"Endpoint"`
	AllowedHosts     []string `help:"Further host names that requests may be addressed to." env:"QUANTDESK_ALLOWED_HOSTS" placeholder:"NAME,..." group:"Endpoint"`
	AllowedOrigins   []string `help:"Web pages that browsers may call from." env:"QUANTDESK_ALLOWED_ORIGINS" placeholder:"ORIGIN,..." group:"Endpoint"`
}

// layers resolves a setting from the environment, then the home's .env, then
// its config.json; a flag comes before all. The .env of a working directory is
// never read.
func layers(home string) kong.Resolver {
	dotenv := readDotenv(filepath.Join(home, ".env"))
	config, configErr := readConfig(filepath.Join(home, "config.json"))
	return kong.ResolverFunc(func(_ *kong.Context, _ *kong.Path, flag *kong.Flag) (any, error) {
		if configErr != nil {
			return nil, configErr
		}
		for _, lookup := range []func(string) (string, bool){os.LookupEnv, func(k string) (string, bool) { v, ok := dotenv[k]; return v, ok }} {
			for _, name := range flag.Envs {
				if v, ok := lookup(name); ok && v != "" {
					return v, nil
				}
			}
			if flag.Name == "addr" {
				if v := addrAlias(lookup); v != "" {
					return v, nil
				}
			}
		}
		if v, ok := config[flag.Name]; ok {
			return v, nil
		}
		return nil, nil
	})
}

// addrAlias makes an address of the names earlier products use.
func addrAlias(lookup func(string) (string, bool)) string {
	host, _ := lookup("MCP_HOST")
	port, _ := lookup("MCP_PORT")
	if port == "" {
		port, _ = lookup("PORT")
	}
	if host == "" && port == "" {
		return ""
	}
	if host == "" {
		host = "127.0.0.1"
	}
	if port == "" {
		port = "8787"
	}
	return net.JoinHostPort(host, port)
}

// readDotenv reads NAME=value lines; quotes around a value are taken off.
func readDotenv(path string) map[string]string {
	raw, err := os.ReadFile(path)
	if err != nil {
		return nil
	}
	out := map[string]string{}
	for line := range strings.Lines(string(raw)) {
		name, value, ok := strings.Cut(strings.TrimSpace(line), "=")
		if !ok || strings.HasPrefix(name, "#") {
			continue
		}
		value = strings.TrimSpace(value)
		if n := len(value); n >= 2 && (value[0] == '"' || value[0] == '\'') && value[n-1] == value[0] {
			value = value[1 : n-1]
		}
		out[strings.TrimSpace(strings.TrimPrefix(name, "export "))] = value
	}
	return out
}

// readConfig reads config.json: the flags' names, with underscores or hyphens.
func readConfig(path string) (map[string]any, error) {
	raw, err := os.ReadFile(path)
	if err != nil {
		return nil, nil //nolint:nilerr // no config file is the common case
	}
	var file map[string]any
	if err := json.Unmarshal(raw, &file); err != nil {
		return nil, fmt.Errorf("%s is not valid JSON: %w", path, err)
	}
	out := map[string]any{}
	for k, v := range file {
		if list, ok := v.([]any); ok { // kong takes lists as comma-separated text
			words := make([]string, len(list))
			for i, w := range list {
				words[i] = fmt.Sprint(w)
			}
			v = strings.Join(words, ",")
		}
		out[strings.ReplaceAll(k, "_", "-")] = v
	}
	return out, nil
}

// settingsOf resolves the settings of a desk that a command opens itself,
// without flags of its own.
func settingsOf(home string) (desk, error) {
	var c cli
	p, err := kong.New(&c, kong.Resolvers(layers(home)), kong.Exit(func(int) {}), kong.Vars{"version": version()})
	if err != nil {
		return desk{}, err
	}
	if _, err := p.Parse([]string{"serve", "--home", home}); err != nil {
		return desk{}, err
	}
	return c.Serve.Desk, nil
}

// drain bounds how long a shutdown waits for calls and streams.
const drain = 10 * time.Second
