package capabilities

import "github.com/hashicorp/go-plugin"

// Served is the plugin set of a process that serves any Connection.
func Served(c Connection) plugin.PluginSet { return pluginSet(c) }
