package main

func Example() {
	main()
	// Output:
	// v1 was trained with 2026-11-01
	// v1 was trained with 2026-11-02
	// its accuracy is 0.93
	// 1 run used a big data set
	// flowchart LR
	//   subgraph c1["Project: fraud"]
	//     e1{{"TrainingRun<br/>night"}}
	//     e3{{"TrainingRun<br/>night 2"}}
	//   end
	//   a1("Dataset<br/>2026-11-01")
	//   a2("Dataset<br/>2026-11-02")
	//   a3("ModelVersion<br/>v1")
	//   a4("ModelVersion<br/>v2")
	//   a1 --> e1
	//   a2 --> e1
	//   a2 --> e3
	//   a4 -->|"reference"| a3
	//   e1 --> a3
	//   e3 --> a4
	//   classDef artifact fill:#dbeafe,stroke:#2563eb,color:#111827
	//   classDef execution fill:#fef3c7,stroke:#d97706,color:#111827
	//   classDef context fill:#f3f4f6,stroke:#6b7280,color:#111827
	//   classDef start stroke-width:4px
	//   classDef failed stroke:#dc2626
	//   class a1,a2,a3,a4 artifact
	//   class e1,e3 execution
	//   class c1 context
	//   class a3,a4 start
}
