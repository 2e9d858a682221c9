// SPDX-License-Identifier: GPL-3.0-or-later

// An exporter made with client_golang, as a rival: so many gauges and counters with four labels
// in twenty families. Usage: client_golang ADDRESS SERIES
package main

import (
	"fmt"
	"log"
	"math/rand"
	"net/http"
	"os"
	"strconv"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"
)

const families = 20

var labels = []string{"service", "instance", "check", "module"}

func values(i int) []string {
	return []string{fmt.Sprintf("service-%d", i/10), fmt.Sprintf("127.0.0.1:%d", 10000+i),
		fmt.Sprintf("check_%d", i%10), "http_2xx"}
}

func gauges(name string, count int) prometheus.Collector {
	vec := prometheus.NewGaugeVec(prometheus.GaugeOpts{Name: name, Help: "How long the last run took."}, labels)
	for i := 0; i < count; i++ {
		vec.WithLabelValues(values(i)...).Set(float64(rand.Intn(1000000)) / 1e6)
	}
	return vec
}

func counters(name string, count int) prometheus.Collector {
	vec := prometheus.NewCounterVec(prometheus.CounterOpts{Name: name, Help: "How many runs ended."}, labels)
	for i := 0; i < count; i++ {
		vec.WithLabelValues(values(i)...).Add(float64(rand.Intn(1000000)))
	}
	return vec
}

func main() {
	if len(os.Args) != 3 {
		log.Fatal("usage: client_golang ADDRESS SERIES")
	}
	series, err := strconv.Atoi(os.Args[2])
	if err != nil {
		log.Fatal(err)
	}
	registry := prometheus.NewRegistry()
	for f := 0; f < families; f += 2 {
		registry.MustRegister(gauges(fmt.Sprintf("rival_duration_seconds_%d", f), series/families))
		registry.MustRegister(counters(fmt.Sprintf("rival_runs_%d_total", f+1), series/families))
	}
	http.Handle("/metrics", promhttp.HandlerFor(registry, promhttp.HandlerOpts{}))
	log.Fatal(http.ListenAndServe(os.Args[1], nil))
}
